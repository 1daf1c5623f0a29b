//! The provider's customers: accounts, and users with a role in them.

use std::collections::BTreeMap;

/// A user's role in an account. Only the first three may consent at Airwallex ("OAuth permissions and user roles").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Owner.
    Owner,
    /// Admin.
    Admin,
    /// Finance Admin.
    FinanceAdmin,
    /// Any lesser role.
    Viewer,
}

impl Role {
    /// Whether Airwallex lets this role consent.
    pub const fn may_consent(self) -> bool {
        !matches!(self, Role::Viewer)
    }

    /// The name in JSON, in snake_case.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Admin => "admin",
            Role::FinanceAdmin => "finance_admin",
            Role::Viewer => "viewer",
        }
    }

    /// The role of that name.
    pub fn named(name: &str) -> Option<Role> {
        [Role::Owner, Role::Admin, Role::FinanceAdmin, Role::Viewer]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) open: bool,
    /// What Wise calls the profile.
    pub(crate) number: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Directory {
    pub(crate) accounts: BTreeMap<String, Account>,
    /// By user and account.
    pub(crate) roles: BTreeMap<(String, String), Role>,
}

impl Directory {
    /// Two accounts, `acct_1` and `acct_2`, with an `owner`, an `admin`, a `finance_admin` and a `viewer` in each.
    pub(crate) fn emulated() -> Directory {
        let mut directory = Directory {
            accounts: BTreeMap::new(),
            roles: BTreeMap::new(),
        };
        for account in ["acct_1", "acct_2"] {
            for role in [Role::Owner, Role::Admin, Role::FinanceAdmin, Role::Viewer] {
                directory.put(role.name(), account, role);
            }
        }
        directory
    }

    /// Gives a user a role in an account; both appear if they were not there.
    pub(crate) fn put(&mut self, user: &str, account: &str, role: Role) {
        let number = 30_000_000 + u32::try_from(self.accounts.len()).unwrap_or(0);
        self.accounts
            .entry(account.to_owned())
            .or_insert(Account { open: true, number });
        self.roles.insert((user.to_owned(), account.to_owned()), role);
    }

    /// The role of a user in an open account.
    pub(crate) fn role(&self, user: &str, account: &str) -> Option<Role> {
        self.accounts.get(account).filter(|account| account.open)?;
        self.roles.get(&(user.to_owned(), account.to_owned())).copied()
    }

    pub(crate) fn number(&self, account: &str) -> u32 {
        self.accounts.get(account).map_or(0, |account| account.number)
    }
}
