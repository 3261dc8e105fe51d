//! What can go wrong with a search, in the words a person reads.

use base::{Fault, FaultKind};

/// Why a question to `search` was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// The arguments are not those of the operation.
    #[error("{operation} cannot be understood: {why}")]
    BadArguments {
        /// The operation.
        operation: String,
        /// What the reader said.
        why: String,
    },
    /// The query is longer than any sentence.
    #[error("cannot search for so long a text: {length} characters, {limit} allowed")]
    TooLong {
        /// What was asked for.
        length: usize,
        /// What is allowed.
        limit: usize,
    },
    /// There is nothing in the query that could be found.
    #[error("there is no word in {query:?} to search for")]
    NoWords {
        /// As asked for.
        query: String,
    },
    /// No web has that name.
    #[error("cannot search in {web}: there is no web called so on this peer")]
    NoSuchWeb {
        /// As asked for.
        web: String,
    },
    /// Nobody in the webs asked about has that name.
    #[error("cannot search at {person}: nobody is called so in the webs asked about")]
    NoSuchPerson {
        /// As asked for.
        person: String,
    },
    /// That is no kind of file.
    #[error("cannot search for the kind {kind:?}")]
    NoSuchKind {
        /// As asked for.
        kind: String,
    },
    /// The search was too long ago, or was never begun.
    #[error("there is no search {id} any more")]
    NoSuchSearch {
        /// As asked for.
        id: String,
    },
    /// No kept search has that id.
    #[error("there is no kept search {id}")]
    NoSuchKept {
        /// As asked for.
        id: String,
    },
    /// As many searches are kept as can be.
    #[error("cannot keep {query:?}: {limit} searches are kept already")]
    TooManyKept {
        /// As asked for.
        query: String,
        /// How many can be.
        limit: usize,
    },
    /// The service began anew while somebody waited.
    #[error("the search was interrupted")]
    Interrupted,
}

impl From<SearchError> for Fault {
    fn from(error: SearchError) -> Self {
        let what = error.to_string();
        let yours = |code| Self::new(code, FaultKind::Yours, what.clone());
        match error {
            SearchError::BadArguments { .. } => {
                yours("search.arguments").remedy("althing find --help", "shows what can be said")
            }
            SearchError::TooLong { .. } => {
                yours("search.too-long").remedy("", "a few words find more than many")
            }
            SearchError::NoWords { .. } => {
                yours("search.no-words").remedy("", "say some letters or digits of a name or a text")
            }
            SearchError::NoSuchWeb { .. } => {
                yours("search.no-such-web").remedy("althing web list", "lists your webs")
            }
            SearchError::NoSuchPerson { .. } => {
                yours("search.no-such-person").remedy("althing people WEB", "lists who is in a web")
            }
            SearchError::NoSuchKind { .. } => yours("search.no-such-kind")
                .remedy("", "folders, documents, pictures, audio, video, code, or an ending such as pdf"),
            SearchError::NoSuchSearch { .. } => {
                yours("search.no-such-search").remedy("", "search again; results are kept for some minutes")
            }
            SearchError::NoSuchKept { .. } => {
                yours("search.no-such-kept").remedy("althing kept", "lists kept searches with their ids")
            }
            SearchError::TooManyKept { .. } => {
                yours("search.too-many-kept").remedy("althing drop ID", "drops one that is needed no more")
            }
            SearchError::Interrupted => {
                Self::new("search.interrupted", FaultKind::Broken, what).remedy("", "search again")
            }
        }
    }
}

/// Returns one fault for each variant, for the page of all faults.
pub fn faults() -> Vec<Fault> {
    let text = str::to_owned;
    [
        SearchError::BadArguments { operation: text("search.find"), why: text("missing field `query`") },
        SearchError::TooLong { length: 10_240, limit: 1_000 },
        SearchError::NoWords { query: text("?!") },
        SearchError::NoSuchWeb { web: text("famly") },
        SearchError::NoSuchPerson { person: text("carl") },
        SearchError::NoSuchKind { kind: text("nice") },
        SearchError::NoSuchSearch { id: text("5b0c") },
        SearchError::NoSuchKept { id: text("5b0c") },
        SearchError::TooManyKept { query: text("roadmap"), limit: 100 },
        SearchError::Interrupted,
    ]
    .map(Fault::from)
    .to_vec()
}
