use std::fmt::Write as _;
use std::io::Write as _;

use proptest::prelude::*;

use super::*;

fn table(shown: Result<Shown, CannotShow>) -> Table {
    match shown.unwrap() {
        Shown::Table(table) => table,
        other => panic!("{other:?}"),
    }
}

fn csv(text: &[u8], part: &str, window: Window) -> Table {
    table(delimited(text, &Part::read(part).unwrap(), window))
}

fn check(text: &[u8], rows: &[&[&str]]) {
    let table = csv(text, "", Window::default());
    assert_eq!(table.rows, rows, "{}", String::from_utf8_lossy(text));
}

#[test]
fn delimiters_quotes_and_encodings_are_recognised() {
    check(b"a,b\n1,2\n", &[&["a", "b"], &["1", "2"]]);
    check(b"a;b\r\n1,5;2\r\n", &[&["a", "b"], &["1,5", "2"]]);
    check(b"a\tb\n1\t2\n", &[&["a", "b"], &["1", "2"]]);
    check(b"a|b|c\n1|2|3\n", &[&["a", "b", "c"], &["1", "2", "3"]]);
    check(b"sep=;\na;b\n", &[&["a", "b"]]);
    check(b"\xEF\xBB\xBF\"a,\"\"x\"\"\nb\",c\n", &[&["a,\"x\"\nb", "c"]]);
    check(b"\xFF\xFEa\0;\0b\0\n\0", &[&["a", "b"]]);
    check(b"Stra\xDFe;Nr\nAllee;1\n", &[&["Straße", "Nr"], &["Allee", "1"]]);
    check(b"only\nwords\n", &[&["only"], &["words"]]);
    check(b"a,b\n1\n1,2,3\n", &[&["a", "b", ""], &["1", "", ""], &["1", "2", "3"]]);
    check(b"", &[]);
}

#[test]
fn formulas_in_delimited_text_are_text() {
    check(
        b"name,value\nx,=cmd|'/c calc'!A0\ny,\"=HYPERLINK(\"\"http://evil.example\"\")\"\n@SUM(1),+1+1\n",
        &[
            &["name", "value"],
            &["x", "=cmd|'/c calc'!A0"],
            &["y", "=HYPERLINK(\"http://evil.example\")"],
            &["@SUM(1)", "+1+1"],
        ],
    );
}

#[test]
fn a_header_is_guessed() {
    let header = |text: &[u8]| csv(text, "", Window::default()).header.map(|header| header.join("/"));
    assert_eq!(header(b"name,age\nAlice,30\n").as_deref(), Some("name/age"));
    assert_eq!(header(b"count\n30\n").as_deref(), Some("count"));
    assert_eq!(header(b"1,2\n3,4\n"), None);
    assert_eq!(header(b"name,age\n"), None);
    assert_eq!(header(b"a,a\nb,1\n"), None);
}

#[test]
fn a_table_of_a_million_rows_is_paged() {
    let mut text = String::from("id,name\n");
    for row in 1..1_000_000 {
        writeln!(text, "{row},name {row}").unwrap();
    }
    let started = std::time::Instant::now();
    let page = csv(text.as_bytes(), "", Window { first_row: 900_001, rows_max: 5_000 });
    println!("a page of a million rows: {:?}", started.elapsed());
    assert_eq!((page.first_row, page.rows.len(), page.rows_total), (900_001, 1_000, 1_000_000));
    assert_eq!(page.rows[0], ["900000", "name 900000"]);
    assert_eq!(page.header.as_deref(), Some(["id".to_owned(), "name".to_owned()].as_slice()));
    assert_eq!(page.cut, Cut { rows: true, columns: false, cells: false });
    let last = csv(text.as_bytes(), "", Window { first_row: 999_990, rows_max: 100 });
    assert_eq!(last.rows.len(), 11);
    let beyond = csv(text.as_bytes(), "", Window { first_row: 2_000_000, rows_max: 100 });
    assert_eq!((beyond.rows.len(), beyond.rows_total, beyond.cut.rows), (0, 1_000_000, true));
}

use crate::show::Cut;

#[test]
fn cells_of_a_range_are_shown_with_their_labels() {
    let text = b"a,b,c,d\n1,2,3,4\n5,6,7,8\n9,10,11,12\n";
    let part = csv(text, "cells=B2:C3", Window::default());
    assert_eq!(part.columns, ["B", "C"]);
    assert_eq!(part.rows, [["2", "3"], ["6", "7"]]);
    assert_eq!((part.first_row, part.rows_total, part.cut.rows), (2, 2, false));
    let paged = csv(text, "cells=B2:C4", Window { first_row: 1, rows_max: 1 });
    assert_eq!((paged.first_row, paged.rows_total, paged.cut.rows), (2, 3, true));
    assert_eq!(paged.rows, [["2", "3"]]);
    assert_eq!(csv(text, "cells=D:D", Window::default()).rows, [["d"], ["4"], ["8"], ["12"]]);
}

#[test]
fn wide_rows_and_long_texts_are_cut_and_say_so() {
    let wide = vec!["x"; 100_000].join(",");
    let shown = csv(wide.as_bytes(), "", Window::default());
    assert_eq!((shown.columns.len(), shown.rows[0].len(), shown.cut.columns), (200, 200, true));
    assert_eq!(shown.columns[199], "GR");
    let long = format!("a,{}\nb,c\n", "y".repeat(5_000_000));
    let shown = csv(long.as_bytes(), "", Window::default());
    assert_eq!((shown.rows[0][1].len(), shown.cut.cells), (CELL_SIZE_MAX, true));
    let many = format!("{}\n", "z".repeat(30_000)).repeat(200);
    let shown = csv(many.as_bytes(), "", Window::default());
    let size: usize = shown.rows.iter().flatten().map(String::len).sum();
    assert!(size <= ANSWER_TEXT_MAX && shown.cut.rows && shown.rows_total == 200, "{size}");
}

/// Returns a ZIP archive of these parts.
pub(crate) fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, ::zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Returns a workbook with two sheets; `strings` goes into the shared strings, `rows` into the first sheet.
pub(crate) fn workbook(prolog: &str, strings: &str, rows: &str) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let types = format!(
        "<?xml version=\"1.0\"?><Types xmlns=\"{package}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
    );
    let rels = format!(
        "<?xml version=\"1.0\"?><Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"rId1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let book = format!(
        "<?xml version=\"1.0\"?><workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"Sales\" sheetId=\"1\" r:id=\"rId1\"/><sheet name=\"No &amp; te\" sheetId=\"2\" r:id=\"rId2\"/></sheets></workbook>"
    );
    let book_rels = format!(
        "<?xml version=\"1.0\"?><Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"rId1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet2.xml\"/><Relationship Id=\"rId3\" Type=\"{office}/sharedStrings\" Target=\"sharedStrings.xml\"/><Relationship Id=\"rId4\" Type=\"{office}/styles\" Target=\"styles.xml\"/></Relationships>"
    );
    let styles = format!(
        "<?xml version=\"1.0\"?><styleSheet xmlns=\"{main}\"><cellXfs count=\"3\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"46\"/></cellXfs></styleSheet>"
    );
    let strings = format!("<?xml version=\"1.0\"?>{prolog}<sst xmlns=\"{main}\">{strings}</sst>");
    let sheet = format!(
        "<?xml version=\"1.0\"?>{prolog}<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>"
    );
    let other = format!(
        "<?xml version=\"1.0\"?><worksheet xmlns=\"{main}\"><sheetData><row r=\"3\"><c r=\"C3\"><v>7</v></c></row></sheetData></worksheet>"
    );
    zip(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", rels.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", book_rels.as_bytes()),
        ("xl/styles.xml", styles.as_bytes()),
        ("xl/sharedStrings.xml", strings.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ("xl/worksheets/sheet2.xml", other.as_bytes()),
    ])
}

/// Returns an `OpenDocument` workbook with one sheet.
fn open_document(prolog: &str, rows: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>{prolog}<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\" office:version=\"1.2\"><office:body><office:spreadsheet><table:table table:name=\"Plan\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    let manifest = "<?xml version=\"1.0\"?><manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"><manifest:file-entry manifest:full-path=\"/\" manifest:media-type=\"application/vnd.oasis.opendocument.spreadsheet\"/></manifest:manifest>";
    zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", content.as_bytes()),
        ("META-INF/manifest.xml", manifest.as_bytes()),
    ])
}

const ROWS: &str = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"inlineStr\"><is><t>Sum</t></is></c><c r=\"C1\" t=\"str\"><v>When</v></c></row>\
    <row r=\"2\"><c r=\"A2\" t=\"s\"><v>1</v></c><c r=\"B2\"><f>0.1+0.2</f><v>0.30000000000000004</v></c><c r=\"C2\" s=\"1\"><v>45943.5</v></c></row>\
    <row r=\"4\"><c r=\"A4\" t=\"b\"><v>1</v></c><c r=\"B4\" t=\"e\"><v>#DIV/0!</v></c><c r=\"C4\" s=\"2\"><v>1.5</v></c></row>\
    <row r=\"5\"><c r=\"A5\"><v>1234567</v></c><c r=\"C5\" s=\"1\"><v>45943</v></c></row>";

#[test]
fn sheets_show_values_as_people_write_them_and_formulas_as_they_were_saved() {
    let book = workbook("", "<si><t>Name</t></si><si><t>=cmd|'/c calc'!A0</t></si>", ROWS);
    let shown = table(sheets(&book, &Part::Whole, Window::default()));
    assert_eq!(shown.sheet.as_deref(), Some("Sales"));
    assert_eq!(shown.sheets, ["Sales", "No & te"]);
    assert_eq!(shown.columns, ["A", "B", "C"]);
    assert_eq!(
        shown.rows,
        [
            ["Name", "Sum", "When"],
            ["=cmd|'/c calc'!A0", "0.3", "2025-10-13 12:00"],
            ["", "", ""],
            ["TRUE", "#DIV/0!", "36:00:00"],
            ["1234567", "", "2025-10-13"],
        ]
    );
    assert_eq!((shown.rows_total, shown.cut), (5, Cut::default()));
    assert!(shown.header.is_some());
    let cells = |part: &str| sheets(&book, &Part::read(part).unwrap(), Window::default());
    assert_eq!(table(cells("cells=no%20%26%20te!")).rows, [["", "", ""], ["", "", ""], ["", "", "7"]]);
    assert_eq!(table(cells("cells=Sales!B2:B4")).rows, [["0.3"], [""], ["#DIV/0!"]]);
    let error = cells("cells=Gone!").unwrap_err();
    assert_eq!(error.to_string(), "cannot show the sheet \"Gone\": the file has Sales, No & te");
}

#[test]
fn open_document_sheets_are_shown() {
    let rows = "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>Name</text:p></table:table-cell><table:table-cell office:value-type=\"string\"><text:p>Due</text:p></table:table-cell></table:table-row>\
        <table:table-row><table:table-cell office:value-type=\"float\" office:value=\"1.5\"><text:p>1,5</text:p></table:table-cell><table:table-cell office:value-type=\"date\" office:date-value=\"2026-11-29\"><text:p>29.11.26</text:p></table:table-cell></table:table-row>";
    let shown = table(sheets(&open_document("", rows), &Part::Whole, Window::default()));
    assert_eq!(shown.sheet.as_deref(), Some("Plan"));
    assert_eq!(shown.rows, [["Name", "Due"], ["1.5", "2026-11-29"]]);
}

#[test]
fn foreign_entities_are_never_read() {
    let prolog = "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\"><!ENTITY l \"lol\"><!ENTITY m \"&l;&l;&l;&l;&l;&l;&l;&l;\">]>";
    let rows = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"inlineStr\"><is><t>a&e;b&m;c</t></is></c></row>";
    let book = workbook(prolog, "<si><t>a&e;b</t></si>", rows);
    let ods = "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>a&e;b</text:p></table:table-cell></table:table-row>";
    for file in [book, open_document(prolog, ods)] {
        let shown = sheets(&file, &Part::Whole, Window::default());
        let text = format!("{shown:?}");
        assert!(!text.contains("root:") && !text.contains("lol"), "{text}");
    }
}

#[test]
fn an_archive_that_says_it_inflates_to_gigabytes_is_not_inflated() {
    let row = "<row><c t=\"str\"><v>x</v></c></row>";
    let mut writer = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file("xl/workbook.xml", ::zip::write::SimpleFileOptions::default()).unwrap();
    writer.write_all(row.as_bytes()).unwrap();
    writer
        .start_file("xl/worksheets/sheet1.xml", ::zip::write::SimpleFileOptions::default().large_file(true))
        .unwrap();
    let blanks = vec![b' '; 16 * 1024 * 1024];
    for _ in 0..65 {
        writer.write_all(&blanks).unwrap();
    }
    let file = writer.finish().unwrap().into_inner();
    assert!(file.len() < 4 * 1024 * 1024);
    assert_eq!(sheets(&file, &Part::Whole, Window::default()), Err(CannotShow::Damaged));
}

proptest! {
    #[test]
    fn any_bytes_are_a_table_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..400), part in 0_usize..4) {
        let part = Part::read(["", "cells=B2:C9", "cells=X!A1", "cells=3:9"][part]).unwrap();
        drop(delimited(&bytes, &part, Window::default()));
        drop(std::panic::catch_unwind(|| drop(sheets(&bytes, &part, Window::default()))));
    }

    #[test]
    fn a_table_is_shown_as_it_was_written(rows in proptest::collection::vec(proptest::collection::vec("[a-zA-Z0-9 ,\"\n=;]{1,8}", 3), 2..20)) {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let mut text = b"sep=,\n".to_vec();
        text.extend(writer.into_inner().unwrap());
        let shown = csv(&text, "", Window::default());
        prop_assert_eq!(shown.rows, rows);
    }
}
