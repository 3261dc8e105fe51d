//! Documents of all formats, whole and damaged, read by the real child process.

use std::fs;
use std::io::{Cursor, Write as _};

use search::jobs::{Document, TextItem, Unread, Update};
use zip::write::SimpleFileOptions;

use crate::house::{FAMILY, House, content_of, in_place};

/// Says whether a document is found by each of these words, with a snippet that has the first.
fn check(name: &str, bytes: &[u8], words: &[&str]) {
    let mut house = House::new();
    let (content, why) = house.put(FAMILY, name, bytes);
    assert_eq!(why, None, "{name}");
    for word in words {
        let texts = house.texts(FAMILY, word);
        assert_eq!(texts.hits.first().map(|hit| hit.content), Some(content), "{name}: {word}");
        assert!(!texts.hits[0].marks.is_empty(), "{name}: {word}: {}", texts.hits[0].snippet);
    }
}

fn check_unread(name: &str, bytes: &[u8], expected: &str) {
    let mut house = House::new();
    assert_eq!(house.put(FAMILY, name, bytes).1.as_deref(), Some(expected), "{name}");
}

fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(part.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn docx() -> Vec<u8> {
    archive(&[
        ("[Content_Types].xml", "<Types/>"),
        ("docProps/core.xml", "<c xmlns:dc='d'><dc:title>Minutes</dc:title></c>"),
        (
            "word/document.xml",
            "<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>Quar</w:t></w:r><w:r><w:t>terly &amp; yearly \
             caf&#233;</w:t></w:r></w:p><w:p><w:del><w:r><w:delText>removed</w:delText></w:r></w:del>\
             <w:r><w:t>one</w:t><w:tab/><w:t>two</w:t></w:r></w:p></w:body></w:document>",
        ),
        ("word/footnotes.xml", "<w:f xmlns:w='w'><w:p><w:r><w:t>footnote</w:t></w:r></w:p></w:f>"),
    ])
}

fn xlsx() -> Vec<u8> {
    archive(&[
        ("xl/workbook.xml", "<workbook><sheets><sheet name='Budget' sheetId='1'/></sheets></workbook>"),
        (
            "xl/sharedStrings.xml",
            "<sst><si><t>Salaries</t></si><si><r><t>Tra</t></r><r><t>vel</t></r></si></sst>",
        ),
        (
            "xl/worksheets/sheet1.xml",
            "<worksheet><sheetData><row><c t='s'><v>0</v></c><c><v>4711</v></c><c t='inlineStr'><is><t>inline</t>\
             </is></c></row></sheetData></worksheet>",
        ),
    ])
}

fn odt() -> Vec<u8> {
    archive(&[
        ("mimetype", "application/vnd.oasis.opendocument.text"),
        ("meta.xml", "<m xmlns:dc='d'><dc:title>Letter</dc:title></m>"),
        (
            "content.xml",
            "<o:body xmlns:o='o' xmlns:text='t'><text:h>Heading</text:h><text:p>Dear<text:s/>Bob<text:line-break/>\
             hel<text:span>lo</text:span></text:p></o:body>",
        ),
    ])
}

/// A PDF of one page, as simple as one can be.
fn pdf(lines: &[&str]) -> Vec<u8> {
    let mut content = "BT /F1 12 Tf 72 720 Td 14 TL\n".to_owned();
    for line in lines {
        content.push_str(&format!("({line}) Tj T*\n"));
    }
    content.push_str("ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    let mut pdf = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(pdf.len());
        pdf.push_str(&format!("{} 0 obj\n{object}\nendobj\n", at + 1));
    }
    let table = pdf.len();
    pdf.push_str("xref\n0 6\n0000000000 65535 f \n");
    places.iter().for_each(|place| pdf.push_str(&format!("{place:010} 00000 n \n")));
    pdf.push_str(&format!("trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"));
    pdf.into_bytes()
}

const HTML: &str = "<!DOCTYPE html><html><head><title>Front page</title><style>p { color: hiddenstyle }</style></head>\
    <body><script>var hiddenscript = '<p>';</script><p>un<b>believ</b>able<p>second<br>third &eacute;t&eacute;\
    <img src=x alt='a picture'></body></html>";

const MAIL: &str = "From: =?utf-8?q?Ren=C3=A9?= <rene@example.org>\r\nSubject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n and more\r\n\
    Content-Type: multipart/mixed; boundary=\"xyz\"\r\n\r\n--xyz\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\r\nCaf=E9 at noon=\r\nday\r\n--xyz\r\nContent-Type: text/html\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nPHA+YmFzZWQ8L3A+\r\n--xyz\r\nContent-Type: image/png\r\n\r\nsecretbytes\r\n\
    --xyz--\r\n";

const RTF: &[u8] =
    br"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\*\generator hidden;}\b Bold\b0\par caf\'e9 \u8364?uro{\pict 00ff}}";

#[test]
fn plain_text_of_all_encodings_is_read() {
    check("a.txt", "Größe und Maß".as_bytes(), &["größe", "maß"]);
    check("noname", b"key,value\n1,zebra\n", &["zebra"]);
    check("a.rs", b"fn main() { let needle = 1; }", &["needle"]);
    check("a.csv", b"caf\xE9;stra\xDFe\n", &["café", "straße"]);
    let utf16 = |text: &str| -> Vec<u8> {
        [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    check("a.log", &utf16("started quickly"), &["quickly"]);
}

#[test]
fn html_is_read_as_it_is_shown() {
    check("page.html", HTML.as_bytes(), &["unbelievable", "second", "third", "été", "picture", "front"]);
    check("page", HTML.as_bytes(), &["unbelievable"]);
    let mut house = House::new();
    house.put(FAMILY, "page.html", HTML.as_bytes());
    assert!(
        house.texts(FAMILY, "hiddenscript").hits.is_empty()
            && house.texts(FAMILY, "hiddenstyle").hits.is_empty()
    );
    assert!(house.texts(FAMILY, "secondthird").hits.is_empty());
}

#[test]
fn office_documents_are_read() {
    check("a.docx", &docx(), &["quarterly", "yearly", "café", "minutes", "footnote", "two"]);
    check("a.xlsx", &xlsx(), &["salaries", "travel", "4711", "inline", "budget"]);
    check("a.odt", &odt(), &["heading", "bob", "hello", "letter"]);
    let slides = [
        ("ppt/presentation.xml", "<p/>"),
        ("ppt/slides/slide2.xml", "<s xmlns:a='a'><a:p><a:t>Slide</a:t></a:p></s>"),
    ];
    check("a.pptx", &archive(&slides), &["slide"]);
}

#[test]
fn pdf_mail_and_rtf_are_read() {
    check("a.pdf", &pdf(&["Hello world", "second line"]), &["hello", "world", "second"]);
    check("noname", &pdf(&["Hello world"]), &["hello"]);
    check("a.eml", MAIL.as_bytes(), &["rené", "grüße", "café", "noonday", "based"]);
    check("a.rtf", RTF, &["bold", "café", "uro"]);
}

#[test]
fn what_cannot_be_read_is_said() {
    check_unread("a.txt", b"", "it is empty");
    check_unread("a.txt", b"  \n", "there is no text in it");
    check_unread("a.jpg", b"\xFF\xD8\xFF\xE0\0\x10JFIF", "it is not text");
    check_unread("a.zip", &docx(), "it is an archive");
    check_unread("a.docx", &archive(&[("other", "x")]), "it is an archive");
    check_unread("a.docx", &docx()[..300], "it is damaged");
    check_unread(
        "a.doc",
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        "its format is of an Office before 2007, which is not read",
    );
    check_unread("a.pdf", b"%PDF-1.4 and nothing more", "it is damaged");
}

#[test]
fn a_shared_file_is_read_only_as_it_was_hashed() {
    let mut house = House::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    fs::write(&path, b"before all").unwrap();
    let source = in_place(&path);
    let tell = |house: &mut House, source: files::jobs::Source| -> Vec<Unread> {
        let document = Document { name: "a.txt".to_owned(), size: 10, source };
        let item = TextItem { content: content_of(b"before all"), document: Some(document) };
        house.update(&Update { web: FAMILY, names: Vec::new(), texts: vec![item] }).unread
    };
    assert_eq!(tell(&mut house, source.clone()), []);
    assert_eq!(house.texts(FAMILY, "before").hits.len(), 1);
    let link = folder.path().join("link.txt");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert_eq!(tell(&mut house, in_place(&link))[0].why, "it has just been changed");
    fs::write(&path, b"after all that").unwrap();
    assert_eq!(tell(&mut house, source)[0].why, "it has just been changed");
    assert!(house.texts(FAMILY, "before").hits.is_empty());
}

#[test]
fn an_archive_that_inflates_without_end_is_given_up() {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    archive.write_all(b"<w:document xmlns:w='w'><w:p><w:t>needle</w:t></w:p><w:p>").unwrap();
    let blanks = vec![b' '; 1024 * 1024];
    for _ in 0..600 {
        archive.write_all(&blanks).unwrap();
    }
    let bomb = archive.finish().unwrap().into_inner();
    assert!(bomb.len() < 2_000_000);
    let mut house = House::new();
    house.put(FAMILY, "bomb.docx", &bomb);
    let (content, why) = house.put(FAMILY, "a.docx", &docx());
    assert_eq!(why, None);
    assert_eq!(house.texts(FAMILY, "quarterly").hits[0].content, content);
}

#[test]
fn a_thousand_damaged_documents_stop_nothing() {
    let mut house = House::new();
    let whole: Vec<(&str, Vec<u8>)> = vec![
        ("a.docx", docx()),
        ("a.xlsx", xlsx()),
        ("a.odt", odt()),
        ("a.html", HTML.as_bytes().to_vec()),
        ("a.pdf", pdf(&["Hello world", "second line"])),
        ("a.eml", MAIL.as_bytes().to_vec()),
        ("a.rtf", RTF.to_vec()),
    ];
    let mut seed = 4711_u64;
    println!("seed {seed}");
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((seed >> 33) % below as u64).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    for round in 0..10 {
        let mut texts = Vec::new();
        for at in 0..100 {
            let (name, bytes) = &whole[next(whole.len())];
            let mut bytes = bytes.clone();
            for _ in 0..=next(8) {
                let place = next(bytes.len());
                match next(4) {
                    0 => bytes.truncate(place.max(9)),
                    1 => drop(bytes.splice(place..place, [0xFF; 3])),
                    2 => drop(bytes.remove(place)),
                    _ => bytes[place] ^= 1 << next(8),
                }
            }
            let path = folder.path().join(format!("{round}-{at}-{name}"));
            fs::write(&path, &bytes).unwrap();
            let document =
                Document { name: (*name).to_owned(), size: bytes.len() as u64, source: in_place(&path) };
            texts.push(TextItem {
                content: content_of(format!("{round} {at}").as_bytes()),
                document: Some(document),
            });
        }
        house.update(&Update { web: FAMILY, names: Vec::new(), texts });
    }
    let (content, why) = house.put(FAMILY, "whole.pdf", &pdf(&["everything goes on"]));
    assert_eq!(why, None);
    assert_eq!(house.texts(FAMILY, "everything").hits[0].content, content);
    assert_eq!(house.lost, []);
}
