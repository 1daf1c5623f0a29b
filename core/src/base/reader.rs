//! Reads JSON that host or user wrote, strictly, and names the path of every fault.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::base::error::{ErrorCode, OAuthError};
use crate::base::json::{Json, push_digits};
use crate::base::time::MAX_MS;

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
            Err(fault) => Err(OAuthError::configuration(code, fault.message())),
        }
    }

    pub(crate) fn root(&self) -> Node<'_> {
        Node {
            value: &self.root,
            reader: self,
        }
    }
}

/// A value of a document.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    value: &'a Json,
    reader: &'a Reader,
}

/// Writes the path that leads from one value to another; where none does, it says so and writes nothing.
fn write_path(from: &Json, to: &Json, path: &mut String) -> bool {
    if core::ptr::eq(from, to) {
        return true;
    }
    let length = path.len();
    match from {
        Json::Object(members) => {
            for (name, value) in members {
                push_name(path, name);
                if write_path(value, to, path) {
                    return true;
                }
                path.truncate(length);
            }
        }
        Json::Array(items) => {
            for (at, value) in (0_u64..).zip(items) {
                path.push('[');
                push_digits(at, path);
                path.push(']');
                if write_path(value, to, path) {
                    return true;
                }
                path.truncate(length);
            }
        }
        _ => {}
    }
    false
}

/// A member without a name has a place too. Names are somebody else's text: no control characters, and not without end.
fn push_name(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    if name.is_empty() {
        path.push_str("\"\"");
    }
    path.extend(name.chars().filter(|char| !char.is_control()).take(64));
}

impl<'a> Node<'a> {
    pub(crate) fn json(&self) -> &'a Json {
        self.value
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Json::Null)
    }

    /// Where it stands. Looked for only when there is a fault to report, so that reading costs no paths.
    fn path(&self) -> String {
        let mut path = String::new();
        write_path(&self.reader.root, self.value, &mut path);
        path
    }

    /// An error at this place.
    pub(crate) fn fault(&self, message: impl Into<String>) -> OAuthError {
        let error = OAuthError::configuration(self.reader.code, message);
        match self.path() {
            path if path.is_empty() => error,
            path => error.at(path),
        }
    }

    /// An error at the item of this number.
    pub(crate) fn item_fault(&self, at: usize, message: &str) -> OAuthError {
        match self.value {
            Json::Array(items) => items.get(at).map_or(*self, |value| Node { value, ..*self }),
            _ => *self,
        }
        .fault(message)
    }

    /// An error at a member of this value, or below it.
    fn fault_below(&self, name: &str, message: String) -> OAuthError {
        let mut path = self.path();
        push_name(&mut path, name);
        OAuthError::configuration(self.reader.code, message).at(path)
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

    /// A string of its own that is not empty.
    pub(crate) fn string(&self) -> Result<String, OAuthError> {
        self.text().map(ToOwned::to_owned)
    }

    pub(crate) fn bool(&self) -> Result<bool, OAuthError> {
        match self.value {
            Json::Bool(value) => Ok(*value),
            _ => Err(self.fault("must be true or false")),
        }
    }

    /// A whole number from `least`, which is not negative, to 2^53 - 1.
    pub(crate) fn whole(&self, least: i64) -> Result<i64, OAuthError> {
        let number = match self.value {
            Json::Number(number) => number.as_i64(),
            _ => None,
        };
        match number {
            Some(number) if (least..=MAX_MS).contains(&number) => Ok(number),
            _ => {
                let mut message = String::from("must be a whole number, ");
                push_digits(least.unsigned_abs(), &mut message);
                message.push_str(" or more");
                Err(self.fault(message))
            }
        }
    }

    pub(crate) fn items(&self) -> Result<Vec<Node<'a>>, OAuthError> {
        let Json::Array(items) = self.value else {
            return Err(self.fault("must be a list"));
        };
        Ok(items.iter().map(|value| Node { value, ..*self }).collect())
    }

    pub(crate) fn texts(&self) -> Result<Vec<String>, OAuthError> {
        self.list(Self::string)
    }

    /// A list whose items are all read in this way.
    pub(crate) fn list<T>(&self, read: fn(&Self) -> Result<T, OAuthError>) -> Result<Vec<T>, OAuthError> {
        let mut list = Vec::new();
        for item in self.items()? {
            list.push(read(&item)?);
        }
        Ok(list)
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
            let node = Node { value, ..*self };
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
            place: *self,
        })
    }

    /// One of these words.
    pub(crate) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, OAuthError> {
        let text = self.str()?;
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(*value),
            None => Err(self.none_of(&mut words.iter().map(|(word, _)| *word))),
        }
    }

    fn none_of(&self, words: &mut dyn Iterator<Item = &str>) -> OAuthError {
        let mut message = String::from("must be one of ");
        for (at, word) in words.enumerate() {
            if at > 0 {
                message.push_str(", ");
            }
            message.push_str(word);
        }
        self.fault(message)
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
        self.place.fault_below(name, message.into())
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

    /// Reads the member into this place where it is there; where it is not, the place keeps what it holds.
    pub(crate) fn fill<T>(
        &self,
        name: &str,
        place: &mut T,
        read: fn(&Node<'a>) -> Result<T, OAuthError>,
    ) -> Result<(), OAuthError> {
        if let Some(node) = self.optional(name) {
            *place = read(node)?;
        }
        Ok(())
    }

    /// The same for a member with members of its own, each of which has a place in `place`.
    pub(crate) fn fill_within<T>(
        &self,
        name: &str,
        place: &mut T,
        read: fn(&Node<'a>, &mut T) -> Result<(), OAuthError>,
    ) -> Result<(), OAuthError> {
        match self.optional(name) {
            Some(node) => read(node, place),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

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
