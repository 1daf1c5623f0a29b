//! The members of a JSON object, each taken once; what nobody took is a mistake of the caller.

use serde_json::{Map, Value};

use super::Result;

pub(super) struct Fields<'a> {
    members: &'a Map<String, Value>,
    taken: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(value: &'a Value) -> Result<Fields<'a>> {
        let members = value.as_object().ok_or("this must be a JSON object")?;
        Ok(Fields {
            members,
            taken: Vec::new(),
        })
    }

    /// A member that may be missing or null.
    pub(super) fn may<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>> {
        self.taken.push(name);
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value)
                .map(Some)
                .ok_or_else(|| format!("{name}: this value cannot be read")),
        }
    }

    /// A member that must be there.
    pub(super) fn needs<T>(&mut self, name: &'static str, read: impl FnOnce(&'a Value) -> Option<T>) -> Result<T> {
        self.may(name, read)?.ok_or_else(|| format!("{name}: missing"))
    }

    pub(super) fn text(&mut self, name: &'static str) -> Result<String> {
        self.needs(name, |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn text_or(&mut self, name: &'static str, default: &str) -> Result<String> {
        Ok(self
            .may(name, |value| value.as_str().map(str::to_owned))?
            .unwrap_or_else(|| default.to_owned()))
    }

    pub(super) fn texts(&mut self, name: &'static str) -> Result<Vec<String>> {
        let read = |value: &Value| {
            let texts = value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>()
        };
        Ok(self.may(name, read)?.unwrap_or_default())
    }

    /// Writes a member, if it is there, to where it belongs.
    pub(super) fn put<T>(
        &mut self,
        name: &'static str,
        place: &mut T,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<()> {
        if let Some(value) = self.may(name, read)? {
            *place = value;
        }
        Ok(())
    }

    /// Refuses members that nobody took.
    pub(super) fn done(self) -> Result<()> {
        match self.members.keys().find(|name| !self.taken.contains(&name.as_str())) {
            Some(name) => Err(format!("{name}: not known here")),
            None => Ok(()),
        }
    }
}

/// One of a set of names.
pub(super) fn one_of<'n, T: Copy>(names: &'n [(&'n str, T)]) -> impl Fn(&Value) -> Option<T> + 'n {
    |value| {
        names
            .iter()
            .find(|(name, _)| value.as_str() == Some(name))
            .map(|(_, meant)| *meant)
    }
}

/// The name of one of a set.
pub(super) fn name_of<'n, T: Copy + PartialEq>(names: &[(&'n str, T)], meant: T) -> &'n str {
    names
        .iter()
        .find(|(_, other)| *other == meant)
        .map_or("", |(name, _)| name)
}
