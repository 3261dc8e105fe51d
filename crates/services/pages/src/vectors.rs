//! Makes the vectors of pages in `specs/vectors` and compares: every implementation must accept or refuse these bytes, and
//! find the same in them.
//!
//! `UPDATE_VECTORS=1 cargo test --workspace --lib vectors` writes them anew; a change of a vector is a change of format.

#[path = "../../../foundation/wire/tests/vectors/services.rs"]
mod services;

use base::{ContentId, DeviceId, DocumentId, FileId, PersonId, ShareId, Timestamp, WebId};
use loro::{ExportMode, LoroDoc};
use serde_json::{Map, Value, json};
use services::{hex, vector};

use crate::edit::ChangeSet;
use crate::link::Link;
use crate::sites;
use crate::statement::{LinkSaid, Message, Statement, UPDATE_SIZE_MAX, document_of};
use crate::text::{Text, span, writer};

const WEB: WebId = WebId::new([1; 32]);
const ALICE: DeviceId = DeviceId::new([2; 32]);
const BOB: DeviceId = DeviceId::new([3; 32]);
const NONCE: DocumentId = DocumentId::new([4; 16]);
const SHARE: ShareId = ShareId::new([5; 16]);
const FILE: FileId = FileId::new([6; 16]);
const CONTENT: ContentId = ContentId::new([7; 32]);
const AT: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn document() -> DocumentId {
    document_of(WEB, ALICE, NONCE)
}

/// Where something was said and by whom, which the bytes do not say.
fn said_by(author: DeviceId) -> Value {
    json!({ "web": WEB, "author": author })
}

fn joined(mut one: Value, other: Value) -> Value {
    let (Some(fields), Value::Object(more)) = (one.as_object_mut(), other) else { return one };
    fields.extend::<Map<String, Value>>(more);
    one
}

// --- links ---

/// A link with the names of ids in the place of their digits.
fn link(text: &str) -> String {
    [("WEB", "01".repeat(10)), ("SHARE", SHARE.to_string()), ("FILE", FILE.to_string())]
        .into_iter()
        .chain([("CONTENT", CONTENT.to_string()), ("DOCUMENT", document().to_string())])
        .chain([("PERSON", PersonId::new([8; 32]).to_string())])
        .fold(text.to_owned(), |text, (name, digits)| text.replace(name, &digits))
}

fn links_accepted() -> Vec<Value> {
    let longest = format!("althing:query/WEB?q={}", "a".repeat(963));
    let copy = format!("http://althing.localhost/go/query/WEB?q={}", "a".repeat(963));
    let full = format!("althing:web/WEB#section={}", "a".repeat(292));
    [
        ("a file", "althing:file/WEB/SHARE/FILE"),
        ("a range of a revision", "althing:file/WEB/SHARE/FILE@4#lines=3-9"),
        ("the greatest revision", "althing:file/WEB/SHARE/FILE@18446744073709551615"),
        ("a share", "althing:file/WEB/SHARE"),
        ("a share with a number", "althing:file/WEB/SHARE@2"),
        ("a content", "althing:content/WEB/CONTENT#page=2"),
        ("a document", "althing:document/WEB/DOCUMENT#section=Q4%20plan"),
        ("a person", "althing:person/WEB/PERSON"),
        ("a web", "althing:web/WEB"),
        ("seconds", "althing:file/WEB/SHARE/FILE#t=10,20"),
        ("cells", "althing:file/WEB/SHARE/FILE#cells=Sheet1!A1:C9"),
        ("a range that only its reader can refuse", "althing:web/WEB#lines=nine"),
        ("nothing behind the mark of a range", "althing:web/WEB#"),
        ("the longest range", &full),
        ("a query", "althing:query/WEB?q=Q4%20%22Gr%C3%B6%C3%9Fe%22%20%28neu%29"),
        ("a query as somebody types it", "althing:query/WEB?q=Gr%c3%b6ße & more/?q=1#t=1"),
        ("a plus is a plus", "althing:query/WEB?q=1+1"),
        ("white space around it", " \t\u{a0}althing:web/WEB\u{2003}\n"),
        ("a copy", "http://althing.localhost/go/web/WEB"),
        ("a copy with a port", "https://althing.localhost:7417/go/file/WEB/SHARE/FILE@4#lines=3-9"),
        ("a copy with an empty port", "http://althing.localhost:/go/web/WEB"),
        ("the longest", &longest),
        ("the longest, as a copy", &copy),
    ]
    .map(|(name, text)| {
        let text = link(text);
        let read = Link::read(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
        let finds = json!({ "link": read.to_string(), "copy": read.copy(), "range": read.part });
        vector("pages-link", name, text.as_bytes(), &finds)
    })
    .to_vec()
}

fn links_refused() -> Vec<Value> {
    let long = format!("althing:query/WEB?q={}", "a".repeat(964));
    let grows = format!("althing:query/WEB?q={}", "ä".repeat(200));
    let full = format!("althing:web/WEB#section={}", "a".repeat(293));
    let mut refused = [
        ("nothing", ""),
        ("another scheme", "https://example.org/go/web/WEB"),
        ("a separator that is no white space", "\u{1c}althing:web/WEB"),
        ("the scheme in capitals", "ALTHING:web/WEB"),
        ("another host", "http://althing.localhost.example.org/go/web/WEB"),
        ("a port that is none", "http://althing.localhost:7x/go/web/WEB"),
        ("a copy of nothing", "http://althing.localhost/web/WEB"),
        ("another kind", "althing:thing/WEB"),
        ("no kind", "althing:WEB"),
        ("a kind in capitals", "althing:Web/WEB"),
        ("a web's id of another length", "althing:web/WEB0"),
        ("a web's whole id", "althing:web/0101010101010101010101010101010101010101010101010101010101010101"),
        ("something behind the web", "althing:web/WEB/"),
        ("digits in capitals", "althing:web/0A010101010101010101"),
        ("a share cut off", "althing:file/WEB/0505"),
        ("a file without an id", "althing:file/WEB/SHARE/"),
        ("something behind the file", "althing:file/WEB/SHARE/FILE/FILE"),
        ("a number between", "althing:file/WEB/SHARE@2/FILE"),
        ("revision 0", "althing:file/WEB/SHARE/FILE@0"),
        ("a sign", "althing:file/WEB/SHARE/FILE@+1"),
        ("a zero before the number", "althing:file/WEB/SHARE/FILE@01"),
        ("no number", "althing:file/WEB/SHARE/FILE@"),
        ("a revision too great", "althing:file/WEB/SHARE/FILE@18446744073709551616"),
        ("a revision of a content", "althing:content/WEB/CONTENT@1"),
        ("a document of a content's length", "althing:document/WEB/CONTENT"),
        ("no words", "althing:query/WEB?q="),
        ("words of nothing but white space", "althing:query/WEB?q=%20%C2%A0"),
        ("words cut off", "althing:query/WEB?q=%F"),
        ("a sign for a digit", "althing:query/WEB?q=%+5"),
        ("words that are no UTF-8", "althing:query/WEB?q=%FF"),
        ("another question", "althing:query/WEB?p=a"),
        ("another range", "althing:web/WEB#onclick=x"),
        ("a range of nothing", "althing:web/WEB#lines="),
        ("a range in HTML", "althing:web/WEB#lines=<script>"),
        ("two ranges", "althing:web/WEB#lines=1#lines=2"),
        ("a space in a range", "althing:web/WEB#section=Q4 plan"),
        ("a letter in a range", "althing:web/WEB#section=Größe"),
        ("too long a range", &full),
        ("too long", &long),
        ("too long as soon as it is written again", &grows),
    ]
    .map(|(name, text)| vector("pages-link", name, link(text).as_bytes(), &json!({})))
    .to_vec();
    let mut broken = link("althing:query/WEB?q=a").into_bytes();
    broken.push(0xff);
    refused.push(vector("pages-link", "a text that is no UTF-8", &broken, &json!({})));
    refused
}

// --- updates ---

fn name_of(device: DeviceId) -> u64 {
    writer(WEB, document(), device)
}

/// A text that a device writes in, one edit after another.
fn written(device: DeviceId, edits: &[&str]) -> Text {
    let mut text = Text::new(name_of(device));
    for after in edits {
        let edit = ChangeSet::between(text.read(), after);
        text.edit(&edit).unwrap();
    }
    text
}

fn update(device: DeviceId, edits: &[&str], from: i32) -> Vec<u8> {
    written(device, edits).since(name_of(device), from).unwrap()
}

/// Bob goes on in what Alice has begun: his operations name hers.
fn answer() -> Vec<u8> {
    let mut text = Text::new(name_of(BOB));
    text.take(&update(ALICE, &["# Plan\n"], 0), name_of(ALICE)).unwrap();
    text.edit(&ChangeSet::between("# Plan\n", "# Our plan\n\n😀")).unwrap();
    text.since(name_of(BOB), 0).unwrap()
}

fn found_in(update: &[u8], device: DeviceId) -> Value {
    let found = span(update, name_of(device)).unwrap();
    json!({
        "writer": name_of(device).to_string(),
        "from": found.from.to_string(),
        "to": found.to.to_string(),
    })
}

fn updates_accepted() -> Vec<Value> {
    let of = |name, device, update: Vec<u8>| {
        let inputs = json!({ "web": WEB, "document": document(), "author": device });
        vector("pages-update", name, &update, &joined(inputs, found_in(&update, device)))
    };
    vec![
        of("the first", ALICE, update(ALICE, &["# Plan\n"], 0)),
        of("the next", ALICE, update(ALICE, &["# Plan\n", "# Plans\n\nof mine"], 7)),
        of("one that answers another's", BOB, answer()),
        of("one that takes out", ALICE, update(ALICE, &["# Plan\n", ""], 7)),
    ]
}

fn updates_refused() -> Vec<Value> {
    let first = update(ALICE, &["# Plan\n"], 0);
    let of = |name, update: Vec<u8>| {
        let finds = json!({ "web": WEB, "document": document(), "author": ALICE });
        vector("pages-update", name, &update, &finds)
    };
    let both = LoroDoc::new();
    both.import(&first).unwrap();
    both.import(&answer()).unwrap();
    let mut changed = first.clone();
    *changed.last_mut().unwrap() ^= 1;
    let mut kind = first.clone();
    kind[0] = b'L';
    let cut = first.split_last().unwrap().1.to_vec();
    vec![
        of("another's", answer()),
        of("of two writers", both.export(ExportMode::all_updates()).unwrap()),
        of("a snapshot", written(ALICE, &["# Plan\n"]).snapshot().unwrap()),
        of("of nobody", LoroDoc::new().export(ExportMode::all_updates()).unwrap()),
        of("a byte changed", changed),
        of("another kind of bytes", kind),
        of("cut off", cut),
        of("nothing", Vec::new()),
    ]
}

// --- statements ---

fn said(link: String) -> LinkSaid {
    LinkSaid { link, words: "our plan".to_owned(), line: 3 }
}

fn links(links: Vec<LinkSaid>) -> Vec<u8> {
    Statement::Links { share: SHARE, file: FILE, at: AT, content: CONTENT, links }.to_bytes()
}

fn site(name: &str, path: String) -> Vec<u8> {
    Statement::Site { name: name.to_owned(), at: AT, share: SHARE, path, is_published: true }.to_bytes()
}

fn statements_accepted() -> Vec<Value> {
    let (document, at) = (document(), AT);
    let text = update(ALICE, &["# Plan\n"], 0);
    let edited = Statement::Edited { document, at, update: text.clone().into() }.to_bytes();
    let kept = Statement::Kept { document, of: ALICE, at, update: text.clone().into() }.to_bytes();
    let listed = |is_removed| Statement::Listed { document, at, is_removed }.to_bytes();
    let two =
        [said(link("althing:document/WEB/DOCUMENT")), said(link("http://althing.localhost/go/web/WEB"))];
    let of = |name, author, bytes: Vec<u8>, finds: Value| {
        let finds = joined(said_by(author), finds);
        vector("pages-statement", name, &bytes, &finds)
    };
    let time = at.millis().to_string();
    let found = joined(found_in(&text, ALICE), json!({ "document": document, "at": time }));
    let listing =
        |is_removed| json!({ "says": "listed", "document": document, "at": time, "is_removed": is_removed });
    let site_found = |name: &str, path: &str| json!({ "says": "site", "name": name, "at": time, "share": SHARE, "path": path, "is_published": true });
    let links_found = |links: Vec<String>| json!({ "says": "links", "share": SHARE, "file": FILE, "at": time, "content": CONTENT, "links": links });
    let told = |one: &LinkSaid| format!("{} {} {}", one.line, one.link, one.words);
    let lines = two.iter().map(told).collect();
    let longest = "a".repeat(4_096);
    vec![
        of(
            "begun",
            ALICE,
            Statement::Begun { nonce: NONCE, at }.to_bytes(),
            json!({ "says": "begun", "document": document, "at": time }),
        ),
        of("edited", ALICE, edited, joined(json!({ "says": "edited" }), found.clone())),
        of("kept", BOB, kept, joined(json!({ "says": "kept", "of": ALICE }), found)),
        of("taken off the list", ALICE, listed(true), listing(true)),
        of("back on the list", ALICE, listed(false), listing(false)),
        of("a site of a whole share", ALICE, site("notes", String::new()), site_found("notes", "")),
        of(
            "a site of the longest name and path",
            ALICE,
            site("a-2-3-4-5-6-7-8-9-10", longest.clone()),
            site_found("a-2-3-4-5-6-7-8-9-10", &longest),
        ),
        of("links", ALICE, links(two.to_vec()), links_found(lines)),
        of("no links any more", ALICE, links(Vec::new()), links_found(Vec::new())),
    ]
}

fn statements_refused() -> Vec<Value> {
    let (document, at) = (document(), AT);
    let edited = |size| Statement::Edited { document, at, update: vec![0; size].into() }.to_bytes();
    let listed = Statement::Listed { document, at, is_removed: true }.to_bytes();
    let plain = || said(link("althing:web/WEB"));
    let mut refused: Vec<(&str, Vec<u8>)> = [
        ("a site without a name", ""),
        ("a site of a name too long", "abcdefghijklmnopqrstu"),
        ("a site in capitals", "Notes"),
        ("a site with a hyphen before", "-notes"),
        ("a site with a hyphen behind", "notes-"),
        ("a site with two hyphens", "no--tes"),
        ("a site called view", "view"),
        ("a site called xn", "xn"),
        ("a site with a dot", "no.tes"),
        ("a site with a letter of another script", "nötes"),
    ]
    .map(|(name, site_name)| (name, site(site_name, String::new())))
    .to_vec();
    let words = |length: usize| LinkSaid { words: "x".repeat(length), ..plain() };
    let long = format!("http://althing.localhost:{}/go/{}", "0".repeat(960), link("web/WEB"));
    refused.extend([
        ("a path too long", site("notes", "a".repeat(4_097))),
        ("an update of nothing", edited(0)),
        ("an update too long", edited(UPDATE_SIZE_MAX + 1)),
        ("a link that is none", links(vec![said("https://example.org/".to_owned())])),
        ("a link too long as it stands", links(vec![said(long)])),
        ("words too long", links(vec![words(201)])),
        ("too many links", links(vec![LinkSaid { words: String::new(), ..plain() }; 1_001])),
        ("bytes behind it", [&listed[..], &[0]].concat()),
        ("cut off", listed.split_last().unwrap().1.to_vec()),
        ("of a later version", {
            let mut later = listed.clone();
            later[1] = 6;
            later
        }),
        ("a field too many", {
            let mut more = listed.clone();
            more[2] += 1;
            more.push(0xf5);
            more
        }),
        ("a field too few", {
            let mut fewer = listed.clone();
            fewer[2] -= 1;
            fewer.pop();
            fewer
        }),
        ("a number longer than it need be", [&[0x82, 0x18, 3][..], listed.get(2..).unwrap()].concat()),
        ("an array without an end", [&[0x9f, 3][..], listed.get(2..).unwrap(), &[0xff]].concat()),
        ("a map", [&[0xa1][..], listed.get(1..).unwrap()].concat()),
        ("fields in another order", {
            let bytes = listed.get(3..20).unwrap();
            let (time, rest) = listed.get(20..).unwrap().split_at(9);
            [&[0x82, 3, 0x83][..], time, bytes, rest].concat()
        }),
        ("an id too short", {
            let mut short = listed.clone();
            short[3] -= 1;
            short.remove(4);
            short
        }),
        ("a number for a yes", {
            let mut number = listed.clone();
            *number.last_mut().unwrap() = 1;
            number
        }),
    ]);
    let of = |(name, bytes): (&str, Vec<u8>)| vector("pages-statement", name, &bytes, &said_by(ALICE));
    refused.into_iter().map(of).collect()
}

// --- live messages ---

fn here(from: &[u8], to: &[u8]) -> Vec<u8> {
    let cursor = Some((from.to_vec().into(), to.to_vec().into()));
    wire::to_bytes(&Message::Here { web: WEB, document: document(), cursor })
}

fn messages_accepted() -> Vec<Value> {
    let document = document();
    let of = |name, bytes: Vec<u8>, says: &str, cursor: Option<String>| {
        let finds = json!({ "says": says, "web": WEB, "document": document, "cursor": cursor });
        vector("pages-message", name, &bytes, &finds)
    };
    let nowhere = wire::to_bytes(&Message::Here { web: WEB, document, cursor: None });
    let longest = [9; 128];
    vec![
        of("here", here(&[1, 2], &[3]), "here", Some("0102 03".to_owned())),
        of("here, nowhere in the text", nowhere, "here", None),
        of("the longest places", here(&longest, &longest), "here", Some(format!("{0} {0}", hex(&longest)))),
        of("gone", wire::to_bytes(&Message::Gone { web: WEB, document }), "gone", None),
    ]
}

fn messages_refused() -> Vec<Value> {
    let gone = wire::to_bytes(&Message::Gone { web: WEB, document: document() });
    let mut with_nothing = wire::to_bytes(&Message::Here { web: WEB, document: document(), cursor: None });
    with_nothing[2] += 1;
    with_nothing.push(0xf6);
    let mut later = gone.clone();
    later[1] = 2;
    vec![
        ("a place too long", here(&[9; 129], &[9])),
        ("a cursor's place too long", here(&[9], &[9; 129])),
        ("nothing written at the end", with_nothing),
        ("of a later version", later),
        ("bytes behind it", [&gone[..], &[0]].concat()),
        ("too long", here(&[9; 600], &[9; 600])),
    ]
    .into_iter()
    .map(|(name, bytes)| vector("pages-message", name, &bytes, &json!({})))
    .collect()
}

// --- addresses of sites ---

fn labels() -> Vec<Value> {
    let owner = PersonId::new([0x8a; 32]);
    let web = WebId::new([0xb1; 32]);
    [
        ("plain names", "notes", "alice", "family"),
        ("capitals", "notes", "Alice", "Family"),
        ("other letters and spaces", "notes", "Zoë B.", "Our  family!"),
        ("nothing that can be written", "a", "李", "---"),
        ("the longest that stands whole", "q4-2026", "abcdefghijkl", "a-b-c-d-e-fg"),
        ("one longer", "q4-2026", "abcdefghijklm", "a-b-c-d-e-fgh"),
        ("what ends as if it had digits", "notes", "avery-abcdef", "avery-012345"),
        ("what looks like digits", "notes", "abcdef", "012345"),
        ("what does not quite", "notes", "avery-abcdeg", "abcde"),
        ("hyphens at the ends and in pairs", "notes", "-alice", "a--b"),
        ("a hyphen where it is cut", "notes", "abcd-efghijklm", "abcde-fghijklm"),
        ("names that no site may have", "notes", "view", "xn"),
        ("a letter whose small form is plain", "notes", "\u{212a}im", "family"),
    ]
    .map(|(name, site, person, web_name)| {
        let label = sites::label(site, (person, owner), (web_name, web));
        let finds =
            json!({ "name": site, "owner": person, "owner_id": owner, "web": web_name, "web_id": web });
        vector("pages-label", name, label.as_bytes(), &finds)
    })
    .to_vec()
}

fn accepted() -> Vec<Value> {
    [links_accepted(), statements_accepted(), updates_accepted(), messages_accepted(), labels()].concat()
}

fn refused() -> Vec<Value> {
    [links_refused(), statements_refused(), updates_refused(), messages_refused()].concat()
}

fn is_accepted(vector: &Value, bytes: &[u8]) -> bool {
    match vector["kind"].as_str().unwrap() {
        "pages-link" => std::str::from_utf8(bytes).is_ok_and(|text| Link::read(text).is_ok()),
        "pages-statement" => Statement::read(bytes).is_ok(),
        "pages-message" => Message::read(bytes).is_ok(),
        "pages-update" => {
            let author = vector["finds"]["author"].as_str().unwrap().parse().unwrap();
            span(bytes, name_of(author)).is_some_and(|span| span.to > span.from)
        }
        "pages-label" => true,
        kind => panic!("nobody reads {kind}"),
    }
}

#[test]
fn what_must_be_accepted_is_accepted() {
    services::accepted("pages-accept.json", &accepted(), is_accepted);
}

#[test]
fn what_must_be_refused_is_refused() {
    services::refused("pages-refuse.json", &refused(), is_accepted);
}
