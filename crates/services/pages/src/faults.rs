//! What can go wrong with links, sites and documents, in the words a person reads.

use base::{DocumentId, Fault, FaultKind};

use crate::link::NoLink;

/// Why a question to `pages` was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the sentence of each says it")]
pub enum PagesError {
    #[error("{operation} cannot be understood: {why}")]
    BadArguments { operation: String, why: String },
    #[error("{link} is no link")]
    BadLink {
        link: String,
        #[source]
        why: NoLink,
    },
    #[error("{part} is no range")]
    BadPart { part: String },
    #[error("nothing can be linked to at {path}")]
    NothingToLink { path: String },
    #[error("there is no web called {web} on this peer")]
    NoSuchWeb { web: String },
    #[error("this computer belongs to nobody yet")]
    Nobody,
    #[error("nothing can be written in {web}: you read there, or belong to it no more")]
    MayNotWrite { web: String },
    #[error("{name} can be no site's name: 1 to 20 letters a to z, digits and single hyphens")]
    BadSiteName { name: String },
    #[error("{folder} is not shared with a web")]
    NotShared { folder: String },
    #[error("{folder} is shared with several webs")]
    SeveralWebs { folder: String },
    #[error("there is no site {site}")]
    NoSuchSite { site: String },
    #[error("several sites are called {site}")]
    SeveralSites { site: String },
    #[error("the site {site} is not yours")]
    NotYourSite { site: String },
    #[error("there is no document {document}")]
    NoSuchDocument { document: String },
    #[error("several documents are called {document}")]
    SeveralDocuments { document: String },
    #[error("{title:?} can be no title: 1 to {limit} characters")]
    BadTitle { title: String, limit: usize },
    #[error("an edit does not fit the text of document {document}")]
    BadEdit { document: DocumentId },
    #[error("the text would be too long: {limit} bytes are allowed")]
    TextTooLong { limit: usize },
    #[error("there is no change {change} in the history of {document}")]
    NoSuchChange { document: String, change: String },
    #[error("only who began {document}, and admins, can take it off the list or bring it back")]
    NotYourDocument { document: String },
    #[error("document {document} is damaged on this computer")]
    Damaged { document: DocumentId },
}

impl From<PagesError> for Fault {
    fn from(error: PagesError) -> Self {
        let what = match std::error::Error::source(&error) {
            Some(why) => format!("{error}: {why}"),
            None => error.to_string(),
        };
        let yours = |code| Self::new(code, FaultKind::Yours, what.clone());
        let refused = |code| Self::new(code, FaultKind::Refused, what.clone());
        match error {
            PagesError::BadArguments { .. } => {
                yours("pages.arguments").remedy("althing doc --help", "shows what can be said")
            }
            PagesError::BadLink { .. } => yours("pages.bad-link")
                .remedy("", "copy the link once more, from its beginning to its end")
                .remedy("althing link PATH", "makes a link"),
            PagesError::BadPart { .. } => yours("pages.bad-range")
                .remedy("", "lines=3-9, section=Title, page=2, cells=Sheet1!A1:C9 or t=10,20"),
            PagesError::NothingToLink { .. } => {
                yours("pages.nothing-to-link").remedy("althing ls", "shows what there is")
            }
            PagesError::NoSuchWeb { .. } => {
                yours("pages.no-such-web").remedy("althing web list", "lists your webs")
            }
            PagesError::Nobody => yours("pages.nobody").remedy("althing me set NAME", "says who you are"),
            PagesError::MayNotWrite { .. } => refused("pages.may-not-write")
                .remedy("althing people WEB", "shows your role and who could change it"),
            PagesError::BadSiteName { .. } => yours("pages.bad-site-name")
                .remedy("", "it becomes a part of an address; notes or q4-2026, say"),
            PagesError::NotShared { .. } => yours("pages.not-shared")
                .remedy("althing share WEB FOLDER", "shares it; then publish it")
                .remedy("althing shares", "lists what you share"),
            PagesError::SeveralWebs { .. } => {
                yours("pages.several-webs").remedy("", "say in which, with --web")
            }
            PagesError::NoSuchSite { .. } => {
                yours("pages.no-such-site").remedy("althing page list", "lists the sites of your webs")
            }
            PagesError::SeveralSites { .. } => {
                yours("pages.several-sites").remedy("", "say which, as web/person/name")
            }
            PagesError::NotYourSite { .. } => {
                refused("pages.not-your-site").remedy("", "only its owner can take a site away")
            }
            PagesError::NoSuchDocument { .. } => {
                yours("pages.no-such-document").remedy("althing doc list", "lists documents with their ids")
            }
            PagesError::SeveralDocuments { .. } => {
                yours("pages.several-documents").remedy("althing doc list", "shows their ids; say one")
            }
            PagesError::BadTitle { .. } => yours("pages.bad-title").remedy("", "say a shorter one"),
            PagesError::BadEdit { .. } => {
                Self::new("pages.bad-edit", FaultKind::Broken, what).remedy("", "read the document anew")
            }
            PagesError::TextTooLong { .. } => {
                yours("pages.text-too-long").remedy("", "make it two documents, one a component of the other")
            }
            PagesError::NoSuchChange { .. } => {
                yours("pages.no-such-change").remedy("althing doc history DOCUMENT", "lists its changes")
            }
            PagesError::NotYourDocument { .. } => {
                refused("pages.not-your-document").remedy("althing people WEB", "shows who is admin")
            }
            PagesError::Damaged { .. } => Self::new("pages.damaged", FaultKind::Broken, what)
                .remedy("", "the others have it; export what is here, and join again from another computer"),
        }
    }
}

/// Returns one fault for each variant, for the page of all faults.
pub fn faults() -> Vec<Fault> {
    let text = str::to_owned;
    let document = DocumentId::new([0x5b; 16]);
    [
        PagesError::BadArguments { operation: text("pages.new"), why: text("missing field `title`") },
        PagesError::BadLink { link: text("althing:fil"), why: NoLink::UnknownKind },
        PagesError::BadPart { part: text("row=3") },
        PagesError::NothingToLink { path: text("family/alice/none") },
        PagesError::NoSuchWeb { web: text("famly") },
        PagesError::Nobody,
        PagesError::MayNotWrite { web: text("family") },
        PagesError::BadSiteName { name: text("My Site") },
        PagesError::NotShared { folder: text("/home/alice/site") },
        PagesError::SeveralWebs { folder: text("/home/alice/site") },
        PagesError::NoSuchSite { site: text("notse") },
        PagesError::SeveralSites { site: text("notes") },
        PagesError::NotYourSite { site: text("family/bob/notes") },
        PagesError::NoSuchDocument { document: text("Q5 Roadmap") },
        PagesError::SeveralDocuments { document: text("Notes") },
        PagesError::BadTitle { title: String::new(), limit: 200 },
        PagesError::BadEdit { document },
        PagesError::TextTooLong { limit: 1_048_576 },
        PagesError::NoSuchChange { document: text("Q4 Roadmap"), change: text("77") },
        PagesError::NotYourDocument { document: text("Q4 Roadmap") },
        PagesError::Damaged { document },
    ]
    .map(Fault::from)
    .to_vec()
}
