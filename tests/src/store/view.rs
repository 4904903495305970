//! What a test may see of the server's database, and do to it.

use std::collections::BTreeMap;

/// Every row of every table, as text.
pub type Snapshot = BTreeMap<String, Vec<String>>;

/// A second connection to the server's database. Its methods panic where the database can't do what they say.
pub trait Store {
    /// Runs statements.
    fn run(&self, statements: &str);

    /// The first column of a query's only row, as a whole number.
    fn number(&self, query: &str) -> i64;

    /// Everything that is stored: equal before and after means that nothing changed.
    fn snapshot(&self) -> Snapshot;

    /// Puts every rotation of a refresh token back by more than the grace in which it may come twice.
    fn age_rotations(&self);

    /// Puts every call that may be repeated back by a day.
    fn age_calls(&self);

    /// Ends one of the earlier values of the only key.
    fn end_an_earlier_value(&self);

    /// How many earlier values keys have, ended ones among them.
    fn earlier_values(&self) -> i64;

    /// The ways in which creating a key can be made to fail once its row is written.
    fn ways_to_break_creation(&self) -> &'static [&'static str];

    /// From now on creating a key fails in one of these ways.
    fn break_creation(&self, how: &str);

    /// Takes [`break_creation`](Self::break_creation) back.
    fn mend_creation(&self);

    /// Keeps everybody else from writing until [`let_go`](Self::let_go).
    fn hold(&self);

    /// Ends [`hold`](Self::hold).
    fn let_go(&self);
}
