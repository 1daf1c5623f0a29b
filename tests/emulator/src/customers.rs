//! What the provider's customers do to a connection from outside.

use crate::directory::Role;
use crate::journal::What;
use crate::kernel::Reason;
use crate::lock;
use crate::provider::Provider;

impl Provider {
    /// Gives a user a role in an account; both appear if they were not there.
    pub fn put_user(&self, user: &str, account: &str, role: Role) {
        lock(&self.0.directory).put(user, account, role);
        self.0.note_about(
            What::Changed,
            Some(account),
            None,
            None,
            format!("user {user} is {}", role.name()),
        );
    }

    /// The user becomes a viewer of the account: consents given by them there end, access tokens live to their end
    /// (Airwallex, "OAuth permissions and user roles").
    pub fn lose_role(&self, user: &str, account: &str) {
        lock(&self.0.directory).put(user, account, Role::Viewer);
        self.0.note_about(
            What::Changed,
            Some(account),
            None,
            None,
            format!("user {user} lost the role"),
        );
        self.end(false, Reason::RoleLost, Some(user), Some(account));
    }

    /// The user is deleted everywhere: consents given by them end (at Airwallex with authentication errors).
    pub fn delete_user(&self, user: &str) {
        lock(&self.0.directory).roles.retain(|(name, _), _| name != user);
        self.0.note(What::Changed, format!("user {user} deleted"));
        self.end(false, Reason::UserDeleted, Some(user), None);
    }

    /// The customer disconnects the client from an account: access and refresh tokens die.
    pub fn disconnect(&self, account: &str) {
        self.0
            .note_about(What::Changed, Some(account), None, None, "disconnected");
        self.end(true, Reason::Disconnected, None, Some(account));
    }

    /// The account is closed: access and refresh tokens die, and nobody can consent for it any more.
    pub fn close_account(&self, account: &str) {
        if let Some(account) = lock(&self.0.directory).accounts.get_mut(account) {
            account.open = false;
        }
        self.0
            .note_about(What::Changed, Some(account), None, None, "account closed");
        self.end(true, Reason::AccountClosed, None, Some(account));
    }

    fn end(&self, whole: bool, reason: Reason, user: Option<&str>, account: Option<&str>) {
        let (policy, now) = (lock(&self.0.settings).policy, self.0.clock.now());
        let ended = lock(&self.0.realm).end((&policy, now), whole, reason, |consent| {
            user.is_none_or(|user| user == consent.user) && account.is_none_or(|account| account == consent.account)
        });
        for grant in ended {
            self.0
                .note_about(What::GrantEnded, account, Some(grant), None, format!("{reason:?}"));
        }
    }
}
