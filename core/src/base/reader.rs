//! Reads JSON that host or user wrote, strictly, and names the path of every fault.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::base::error::{ErrorCode, OAuthError};
use crate::base::json::Json;

/// An object with more members is refused: each name is compared with every other, and a pending login may come from a
/// cookie that somebody else wrote.
const MOST_MEMBERS: usize = 512;

/// A document that was read, and the code that every fault found in it carries.
pub(crate) struct Reader {
    code: ErrorCode,
    root: Json,
}

impl Reader {
    /// Parses the text; every fault found in it will carry `code`.
    pub(crate) fn new(text: &str, code: ErrorCode) -> Result<Self, OAuthError> {
        match Json::parse(text.as_bytes()) {
            Ok(root) => Ok(Self { code, root }),
            Err(fault) => Err(OAuthError::configuration(code, fault.to_string())),
        }
    }

    pub(crate) fn root(&self) -> Node<'_> {
        Node {
            value: &self.root,
            path: String::new(),
            code: self.code,
        }
    }
}

/// A value and where it stands.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    value: &'a Json,
    path: String,
    code: ErrorCode,
}

impl<'a> Node<'a> {
    pub(crate) fn json(&self) -> &'a Json {
        self.value
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Json::Null)
    }

    /// An error at this place.
    pub(crate) fn fault(&self, message: impl Into<String>) -> OAuthError {
        let error = OAuthError::configuration(self.code, message);
        if self.path.is_empty() {
            error
        } else {
            error.at(self.path.clone())
        }
    }

    /// The same error, but at this place.
    pub(crate) fn relocate(&self, error: &OAuthError) -> OAuthError {
        self.fault(error.details().message.clone())
    }

    pub(crate) fn str(&self) -> Result<&'a str, OAuthError> {
        self.value.as_str().ok_or_else(|| self.fault("must be a string"))
    }

    /// A string that is not empty.
    pub(crate) fn text(&self) -> Result<&'a str, OAuthError> {
        self.str().and_then(|text| {
            if text.is_empty() {
                Err(self.fault("must not be empty"))
            } else {
                Ok(text)
            }
        })
    }

    pub(crate) fn bool(&self) -> Result<bool, OAuthError> {
        match self.value {
            Json::Bool(value) => Ok(*value),
            _ => Err(self.fault("must be true or false")),
        }
    }

    /// A whole number from `least` to 2^53 - 1.
    pub(crate) fn whole(&self, least: i64) -> Result<i64, OAuthError> {
        let number = match self.value {
            Json::Number(number) => number.as_i64(),
            _ => None,
        };
        number
            .filter(|number| *number >= least && *number <= crate::base::time::MAX_MS)
            .ok_or_else(|| self.fault(format!("must be a whole number, {least} or more")))
    }

    pub(crate) fn items(&self) -> Result<Vec<Node<'a>>, OAuthError> {
        let Json::Array(items) = self.value else {
            return Err(self.fault("must be a list"));
        };
        let node = |(at, value)| Node {
            value,
            path: format!("{}[{at}]", self.path),
            code: self.code,
        };
        Ok(items.iter().enumerate().map(node).collect())
    }

    pub(crate) fn texts(&self) -> Result<Vec<String>, OAuthError> {
        self.items()?
            .iter()
            .map(|item| item.text().map(ToOwned::to_owned))
            .collect()
    }

    /// All members, each name once.
    pub(crate) fn members(&self) -> Result<Vec<(&'a str, Node<'a>)>, OAuthError> {
        let Json::Object(members) = self.value else {
            return Err(self.fault("must be an object"));
        };
        if members.len() > MOST_MEMBERS {
            return Err(self.fault("has more than 512 members"));
        }
        let mut nodes: Vec<(&'a str, Node<'a>)> = Vec::with_capacity(members.len());
        for (name, value) in members {
            // A member without a name has a place too.
            let name_of = if name.is_empty() { "\"\"" } else { name.as_str() };
            let path = if self.path.is_empty() {
                name_of.to_owned()
            } else {
                format!("{}.{name_of}", self.path)
            };
            let node = Node {
                value,
                path,
                code: self.code,
            };
            if nodes.iter().any(|(known, _)| known == name) {
                return Err(node.fault("stands twice; keep one"));
            }
            nodes.push((name, node));
        }
        Ok(nodes)
    }

    /// An object that may have these members and no other.
    pub(crate) fn object(&self, known: &[&str]) -> Result<Object<'a>, OAuthError> {
        let object = self.open_object()?;
        match object.members.iter().find(|(name, _)| !known.contains(name)) {
            Some((_, node)) => Err(node.fault("is not a known field; remove it or correct its spelling")),
            None => Ok(object),
        }
    }

    /// An object that may have other members too; they are ignored.
    pub(crate) fn open_object(&self) -> Result<Object<'a>, OAuthError> {
        Ok(Object {
            members: self.members()?,
            place: self.clone(),
        })
    }

    /// One of these words.
    pub(crate) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, OAuthError> {
        let text = self.str()?;
        words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, value)| *value)
            .ok_or_else(|| {
                let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                self.fault(format!("must be one of {}", names.join(", ")))
            })
    }
}

/// The members of an object, each name once.
pub(crate) struct Object<'a> {
    members: Vec<(&'a str, Node<'a>)>,
    place: Node<'a>,
}

impl<'a> Object<'a> {
    pub(crate) fn optional(&self, name: &str) -> Option<&Node<'a>> {
        self.members
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, node)| node)
    }

    pub(crate) fn required(&self, name: &str) -> Result<&Node<'a>, OAuthError> {
        self.optional(name).ok_or_else(|| self.missing(name))
    }

    /// An error at a member, or below it.
    pub(crate) fn fault(&self, name: &str, message: impl Into<String>) -> OAuthError {
        let path = if self.place.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.place.path)
        };
        OAuthError::configuration(self.place.code, message).at(path)
    }

    /// The error for a member that must be there and is not.
    pub(crate) fn missing(&self, name: &str) -> OAuthError {
        self.fault(name, "is missing")
    }

    /// Reads the member where it is there.
    pub(crate) fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Node<'a>) -> Result<T, OAuthError>,
    ) -> Result<Option<T>, OAuthError> {
        self.optional(name).map(read).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_bounded() {
        let object = |count: usize| {
            let members: Vec<String> = (0..count).map(|at| format!("\"{at}\":0")).collect();
            Reader::new(&format!("{{{}}}", members.join(",")), ErrorCode::InvalidProfile).unwrap()
        };
        assert!(object(MOST_MEMBERS).root().members().is_ok());
        assert!(object(MOST_MEMBERS + 1).root().members().is_err());
    }

    #[test]
    fn faults_name_their_place() {
        let reader = Reader::new(r#"{"a":{"b":[1,"x"]},"c":1,"c":2}"#, ErrorCode::InvalidProfile).unwrap();
        let root = reader.root();
        assert_eq!(
            root.open_object().err().unwrap().to_string(),
            "c: stands twice; keep one"
        );
        let reader = Reader::new(r#"{"a":{"b":[1,"x"]}}"#, ErrorCode::InvalidProfile).unwrap();
        let object = reader.root().object(&["a"]).unwrap();
        let a = object.required("a").unwrap();
        assert_eq!(a.object(&[]).err().unwrap().details().field.as_deref(), Some("a.b"));
        let b = a.object(&["b"]).unwrap();
        let items = b.required("b").unwrap().items().unwrap();
        assert_eq!(items[0].str().err().unwrap().to_string(), "a.b[0]: must be a string");
        assert_eq!(b.required("d").err().unwrap().to_string(), "a.d: is missing");
        assert_eq!(object.required("z").err().unwrap().to_string(), "z: is missing");
    }
}
