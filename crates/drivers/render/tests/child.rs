//! Files shown by the child process: what is right comes through, what is hostile breaks the child and nothing else.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests, outside of test functions")]

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use render::markdown::Unchanged;
use render::{Ask, CannotShow, Part, Renderer, RendererProgram, Shown, Window};

fn renderer() -> Renderer {
    Renderer::new(RendererProgram {
        path: PathBuf::from(env!("CARGO_BIN_EXE_render-child")),
        arguments: Vec::new(),
    })
}

fn show(renderer: &mut Renderer, name: &str, bytes: &[u8], part: &str) -> Result<Shown, CannotShow> {
    let part = Part::read(part).unwrap();
    renderer.show(&Ask { name, bytes, part: &part, window: Window::default() }, &Unchanged)
}

fn rows(shown: Result<Shown, CannotShow>) -> Vec<Vec<String>> {
    match shown {
        Ok(Shown::Table(table)) => table.rows,
        other => panic!("{other:?}"),
    }
}

fn zip(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn workbook(rows: &[u8]) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relations = "http://schemas.openxmlformats.org/package/2006/relationships";
    let sheet =
        [format!("<worksheet xmlns=\"{main}\"><sheetData>").as_bytes(), rows, b"</sheetData></worksheet>"]
            .concat();
    zip(&[
        ("_rels/.rels", format!("<Relationships xmlns=\"{relations}\"><Relationship Id=\"rId1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>").into_bytes()),
        ("xl/workbook.xml", format!("<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>").into_bytes()),
        ("xl/_rels/workbook.xml.rels", format!("<Relationships xmlns=\"{relations}\"><Relationship Id=\"rId1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>").into_bytes()),
        ("xl/worksheets/sheet1.xml", sheet),
    ])
}

fn cells(count: u32) -> String {
    let mut cells = String::new();
    for row in 1..=count {
        write!(cells, "<row r=\"{row}\"><c r=\"A{row}\"><v>{row}</v></c><c r=\"B{row}\" t=\"str\"><v>name {row}</v></c></row>").unwrap();
    }
    cells
}

/// Returns a PDF of two pages, written by hand.
fn pdf() -> Vec<u8> {
    let stream = |text: &str| {
        let content = format!("BT /F1 24 Tf 72 700 Td ({text}) Tj ET");
        format!("<</Length {}>>stream\n{content}\nendstream", content.len())
    };
    let page = |content: u32| {
        format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {content} 0 R/Resources<</Font<</F1 7 0 R>>>>>>"
        )
    };
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>".to_owned(),
        page(5),
        page(6),
        stream("First page"),
        stream("Second page"),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_owned(),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (place, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", file.len()).unwrap();
        write!(file, "{} 0 obj\n{object}\nendobj\n", place + 1).unwrap();
    }
    let start = file.len();
    write!(file, "{table}trailer<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF", objects.len() + 1)
        .unwrap();
    file.into_bytes()
}

#[test]
fn files_of_all_kinds_are_shown_by_one_renderer() {
    let mut renderer = renderer();
    assert_eq!(rows(show(&mut renderer, "a.csv", b"a,b\n1,2\n", "")), [["a", "b"], ["1", "2"]]);
    assert_eq!(
        rows(show(&mut renderer, "a.xlsx", &workbook(cells(3).as_bytes()), "cells=B2:B3")),
        [["name 2"], ["name 3"]]
    );
    assert_eq!(rows(show(&mut renderer, "text/tab-separated-values", b"a\tb\n", "")), [["a", "b"]]);
    let Ok(Shown::Html { html, title, is_cut: false }) =
        show(&mut renderer, "a.md", b"# One\na\n# Two\nb\n", "section=Two")
    else {
        panic!()
    };
    assert!(html.contains("<p>b</p>") && !html.contains("One") && title.as_deref() == Some("Two"), "{html}");
    let text = |shown| match shown {
        Ok(Shown::Text { text, first_line, lines_total, pages_total, .. }) => {
            (text, first_line, lines_total, pages_total)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(
        text(show(&mut renderer, "a.rs", b"1\n2\n3\n", "lines=2-3")),
        ("2\n3\n".to_owned(), 2, 3, None)
    );
    assert_eq!(text(show(&mut renderer, "a.html", b"<script>", "")), ("<script>".to_owned(), 1, 1, None));
    assert_eq!(
        text(show(&mut renderer, "a.csv", b"a,b\n1,2\n", "lines=2")),
        ("1,2\n".to_owned(), 2, 2, None)
    );
    assert_eq!(
        text(show(&mut renderer, "a.pdf", &pdf(), "page=2")),
        ("Second page".to_owned(), 1, 1, Some(2))
    );
}

#[test]
fn what_is_not_there_is_told() {
    let mut renderer = renderer();
    let mut check = |name: &str, bytes: &[u8], part: &str, text: &str| {
        let error = show(&mut renderer, name, bytes, part).unwrap_err().to_string();
        assert_eq!(error, text);
    };
    check("a.pdf", &pdf(), "page=3", "cannot show page 3: the file has 2");
    check(
        "a.pdf",
        b"%PDF-1.4 no",
        "page=1",
        "cannot show the file: it is damaged, or needs too much memory to read",
    );
    check("a.md", b"# A\n", "section=B", "cannot show the section \"B\": no heading says so");
    check("a.md", b"# A\n", "lines=7-8", "cannot show line 7: the file has 1");
    check("a.rs", b"a\n", "cells=A1:B2", "cannot show cells=A1:B2: this kind of file has no such parts");
    check("a.bin", b"\0\x01\x02", "", "cannot show the file: it is of no kind that is shown");
    check("a.zip", &zip(&[("a", vec![1])]), "", "cannot show the file: it is of no kind that is shown");
    check(
        "a.xlsx",
        &zip(&[("a", vec![1])]),
        "",
        "cannot show the file: it is damaged, or needs too much memory to read",
    );
}

#[test]
fn hostile_files_break_the_child_and_nothing_else() {
    let mut renderer = renderer();
    // One cell of 900 MiB in a file of 900 KiB: below what an archive may say, beyond what a child may use.
    let bomb = workbook(
        &[
            b"<row r=\"1\"><c r=\"A1\" t=\"str\"><v>".to_vec(),
            vec![b'x'; 900 * 1024 * 1024],
            b"</v></c></row>".to_vec(),
        ]
        .concat(),
    );
    let corner = workbook(b"<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>");
    let mut ods = String::from("<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"ha\">");
    for level in 1..40 {
        let (name, before) = (char::from(b'a' + level % 26), char::from(b'a' + (level - 1) % 26));
        write!(ods, "<!ENTITY {name}{level} \"&{before};&{before};&{before};&{before};\">").unwrap();
    }
    ods.push_str("]><office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"><office:body><office:spreadsheet><table:table table:name=\"P\"><table:table-row table:number-rows-repeated=\"1000000\"><table:table-cell table:number-columns-repeated=\"16000\" office:value-type=\"string\"><text:p>&n39;&a;</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>");
    let manifest =
        b"<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>"
            .to_vec();
    let open_document = |content: String| {
        zip(&[
            ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet".to_vec()),
            ("content.xml", content.into_bytes()),
            ("META-INF/manifest.xml", manifest.clone()),
        ])
    };
    let repeated = open_document(ods.replace("&n39;&a;", "x"));
    let ods = open_document(ods);
    let nested_pdf =
        [b"%PDF-1.4\n1 0 obj\n".to_vec(), b"[".repeat(200_000), b"\nendobj\ntrailer<</Root 1 0 R>>".to_vec()]
            .concat();
    for (name, file) in [
        ("bomb.xlsx", bomb),
        ("corner.xlsx", corner),
        ("laughs.ods", ods),
        ("repeated.ods", repeated),
        ("nested.pdf", nested_pdf),
    ] {
        let started = Instant::now();
        match show(&mut renderer, name, &file, "") {
            Err(CannotShow::Damaged | CannotShow::TooLong) => {}
            Ok(Shown::Table(table)) => {
                assert!(table.rows.len() <= 1_000 && !format!("{table:?}").contains("haha"));
            }
            other => panic!("{name}: {other:?}"),
        }
        println!("{name}: {:?} for {} bytes", started.elapsed(), file.len());
        assert!(started.elapsed() < Duration::from_secs(30), "{name}");
        assert_eq!(rows(show(&mut renderer, "a.csv", b"a,b\n", "")), [["a", "b"]], "after {name}");
    }
}

#[test]
fn a_program_that_is_none_is_told() {
    let program =
        |path: &str| Renderer::new(RendererProgram { path: PathBuf::from(path), arguments: Vec::new() });
    for path in ["/nonexistent", "/bin/true"] {
        let error = show(&mut program(path), "a.csv", b"a,b\n", "").unwrap_err();
        assert!(matches!(error, CannotShow::NoReader { .. }), "{error}");
    }
}

#[test]
fn a_page_of_a_table_takes_a_moment() {
    let mut renderer = renderer();
    drop(show(&mut renderer, "a.csv", b"a,b\n", ""));
    let mut csv = String::from("id,name\n");
    for row in 1..10_000 {
        writeln!(csv, "{row},name {row}").unwrap();
    }
    let book = workbook(cells(10_000).as_bytes());
    let markdown =
        "# Title\n\nSome *text* with a [link](a.md) and `code`.\n\n- item\n- item\n\n".repeat(1_500);
    for (name, bytes) in
        [("a.csv", csv.as_bytes()), ("a.xlsx", &book), ("a.md", &markdown.as_bytes()[..100_000])]
    {
        let started = Instant::now();
        show(&mut renderer, name, bytes, "").unwrap();
        println!("{name} of {} bytes: {:?}", bytes.len(), started.elapsed());
    }
}
