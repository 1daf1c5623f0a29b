//! What must not be, in a word each.

/// Something that must not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wrong {
    /// No token is left that the server would take.
    Loss,
    /// The user is asked to authorize again although the connection lives.
    FalseDeath,
    /// At the end the user is asked to authorize again although the ledger holds a good token.
    StaysDead,
    /// The connection is dead, and at the end nobody has said so.
    UnreportedDeath,
    /// A request left without its entry in the ledger.
    SentUnclaimed,
    /// A request left while another with the same refresh token might still arrive.
    SentBesideLiving,
    /// A request left after the window, while a holder was silent and patience not over.
    SentOutsideWindow,
    /// I4: generation or order went back.
    WentBack,
    /// A closed connection was opened again.
    Reopened,
    /// A token was served whose pair is not saved.
    ServedUnsaved,
    /// I5: a living worker dropped an answer with tokens that the ledger would have taken.
    AnswerDropped,
    /// A code was exchanged while its first exchange might still be answered.
    ExchangedTwice,
    /// A code was exchanged although a later login came after it.
    SupersededExchanged,
    /// A refresh token was sent while a code was on its way, or a code while a refresh token was.
    ExchangedBesideRefresh,
    /// Nothing went wrong, and a login did not end as it should.
    WrongOutcome,
    /// The tokens of another account replaced those in use.
    OtherAccount,
    /// A worker ended without a token although the connection lives and nothing goes wrong any more.
    Stuck,
}
