//! Reads the source of core, module by module, and finds what may be a value.

use std::fs;
use std::path::{Path, PathBuf};

use syn::punctuated::Punctuated;
use syn::{Attribute, Item, ItemEnum, ItemStruct, Meta, Token, Visibility};

use crate::fault::Fault;

/// The floors of core, from the ground up; the order of everything that is written. A module that is not named here
/// follows behind, in the order in which it is declared.
const FLOORS: [&str; 8] = [
    "base",
    "provider",
    "client",
    "message",
    "flow",
    "connection",
    "fleet",
    "drive",
];

/// A public struct or enum that derives `Serialize`, not judged yet.
pub struct Found {
    /// The struct or enum.
    pub item: Declaration,
    /// The modules it stands in, from the root of core.
    pub module: Vec<String>,
    /// The file, below the root of the repository.
    pub file: String,
    /// Whether every module on the way is public and free of conditions.
    pub reachable: bool,
}

/// What can be a value.
pub enum Declaration {
    /// A struct.
    Struct(ItemStruct),
    /// An enum.
    Enum(ItemEnum),
}

/// Reads the crate whose `lib.rs` stands in `folder`.
///
/// # Errors
/// A file that is missing, cannot be read or is no Rust.
pub fn read(folder: &Path) -> Result<Vec<Found>, Fault> {
    let load = |path: &Path| fs::read_to_string(folder.join(path)).ok();
    let Some(root) = load(Path::new("lib.rs")) else {
        return Err(Fault::new("core/src/lib.rs", "", "cannot be read"));
    };
    walk(&root, &mut |path| load(path))
}

/// Walks a crate from the text of its root; `load` gives the text of a file, by its path below the root's folder.
///
/// # Errors
/// As [`read`].
pub fn walk(root: &str, load: &mut dyn FnMut(&Path) -> Option<String>) -> Result<Vec<Found>, Fault> {
    let mut walk = Walk {
        load,
        found: Vec::new(),
    };
    walk.text(root, &Place::root())?;
    let floor = |found: &Found| {
        let name = found.module.first().map(String::as_str).unwrap_or_default();
        FLOORS.iter().position(|floor| *floor == name).unwrap_or(FLOORS.len())
    };
    walk.found.sort_by_key(floor);
    Ok(walk.found)
}

struct Walk<'a> {
    load: &'a mut dyn FnMut(&Path) -> Option<String>,
    found: Vec<Found>,
}

/// Where the walk stands.
struct Place {
    module: Vec<String>,
    file: PathBuf,
    reachable: bool,
}

impl Place {
    fn root() -> Self {
        Self {
            module: Vec::new(),
            file: PathBuf::from("lib.rs"),
            reachable: true,
        }
    }

    fn label(&self) -> String {
        let parts: Vec<_> = self.file.iter().map(|part| part.to_string_lossy()).collect();
        format!("core/src/{}", parts.join("/"))
    }
}

impl Walk<'_> {
    fn text(&mut self, text: &str, place: &Place) -> Result<(), Fault> {
        let file = syn::parse_file(text).map_err(|error| Fault::new(place.label(), "", error.to_string()))?;
        self.items(file.items, place)
    }

    fn items(&mut self, items: Vec<Item>, place: &Place) -> Result<(), Fault> {
        for item in items {
            match item {
                Item::Mod(module) if !is_test(&module.attrs) => self.module(module, place)?,
                Item::Struct(item) if is_candidate(&item.vis, &item.attrs) => {
                    self.keep(Declaration::Struct(item), place);
                }
                Item::Enum(item) if is_candidate(&item.vis, &item.attrs) => self.keep(Declaration::Enum(item), place),
                _ => {}
            }
        }
        Ok(())
    }

    fn keep(&mut self, item: Declaration, place: &Place) {
        self.found.push(Found {
            item,
            module: place.module.clone(),
            file: place.label(),
            reachable: place.reachable,
        });
    }

    fn module(&mut self, module: syn::ItemMod, place: &Place) -> Result<(), Fault> {
        let name = module.ident.to_string();
        if has(&module.attrs, "path") {
            let what = format!("the module {name} stands at a place of its own (`#[path]`)");
            return Err(Fault::new(place.label(), "", what));
        }
        let mut inner = Place {
            module: place.module.iter().cloned().chain([name.clone()]).collect(),
            file: place.file.clone(),
            reachable: place.reachable && is_public(&module.vis) && !has(&module.attrs, "cfg"),
        };
        if let Some((_, items)) = module.content {
            return self.items(items, &inner);
        }
        let base: PathBuf = inner.module.iter().collect();
        for file in [base.with_extension("rs"), base.join("mod.rs")] {
            if let Some(text) = (self.load)(&file) {
                inner.file = file;
                return self.text(&text, &inner);
            }
        }
        Err(Fault::new(place.label(), "", format!("the module {name} has no file")))
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_candidate(visibility: &Visibility, attributes: &[Attribute]) -> bool {
    is_public(visibility) && !is_test(attributes) && derives(attributes, "Serialize")
}

fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident(name))
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"))
    })
}

/// Whether `name` is among the derived traits.
pub(crate) fn derives(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("derive")
            && arguments(attribute).is_some_and(|traits| {
                traits.iter().any(|item| {
                    let last = item.path().segments.last();
                    last.is_some_and(|segment| segment.ident == name)
                })
            })
    })
}

/// What stands between the brackets of an attribute.
pub(crate) fn arguments(attribute: &Attribute) -> Option<Vec<Meta>> {
    let parse = Punctuated::<Meta, Token![,]>::parse_terminated;
    let parsed = attribute.parse_args_with(parse).ok()?;
    Some(parsed.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "#[derive(serde::Serialize)] pub struct";

    fn names(found: &[Found]) -> Vec<String> {
        let name = |found: &Found| match &found.item {
            Declaration::Struct(item) => item.ident.to_string(),
            Declaration::Enum(item) => item.ident.to_string(),
        };
        found
            .iter()
            .map(|found| format!("{}:{}:{}", found.file, found.module.join("::"), name(found)))
            .collect()
    }

    #[test]
    fn modules_are_followed_from_the_ground_up() {
        let files = [
            ("flow/mod.rs", "pub mod event;"),
            ("flow/event.rs", &format!("{VALUE} E {{}}")),
            ("base.rs", &format!("{VALUE} B {{}} pub mod inner {{ pub mod deep; }}")),
            (
                "base/inner/deep.rs",
                &format!("{VALUE} D {{}} #[derive(Serialize)] struct Private;"),
            ),
        ];
        let root = format!("pub mod flow; pub mod base; #[cfg(test)] mod tests; {VALUE} Root {{}}");
        let mut load = |path: &Path| {
            let text = files.iter().find(|(name, _)| Path::new(name) == path)?.1;
            Some(String::from(text))
        };
        let found = walk(&root, &mut load).unwrap();
        assert_eq!(
            names(&found),
            [
                "core/src/base.rs:base:B",
                "core/src/base/inner/deep.rs:base::inner::deep:D",
                "core/src/flow/event.rs:flow::event:E",
                "core/src/lib.rs::Root",
            ]
        );
    }

    #[test]
    fn what_cannot_be_followed_is_named() {
        let fault = |text: &str| walk(text, &mut |_| None).map(|_| ()).unwrap_err().to_string();
        assert_eq!(fault("pub mod gone;"), "core/src/lib.rs: the module gone has no file");
        assert!(fault("#[path = \"x.rs\"] mod odd;").contains("odd"));
        assert!(fault("pub struct").starts_with("core/src/lib.rs: "));
    }

    #[test]
    fn a_private_or_conditional_module_is_not_reachable() {
        for module in ["mod", "pub(crate) mod", "#[cfg(feature = \"std\")] pub mod"] {
            let found = walk(&format!("{module} m {{ {VALUE} X {{}} }}"), &mut |_| None).unwrap();
            assert!(!found[0].reachable, "{module}");
        }
    }
}
