//! The recovery words, recovering, and beginning anew.

use crate::run::{Couple, Home, text_of};

/// The words that `recovery begin` shows.
pub(crate) fn words(home: &Home) -> Vec<String> {
    let shown = home.json(&["recovery", "begin"]);
    let words = shown["words"].as_array().unwrap();
    words.iter().map(text_of).collect()
}

#[test]
fn words_are_shown_until_they_are_checked_and_never_again() {
    let ana = Home::of("Ana");
    assert_eq!(ana.json(&["status"])["recovery"], "unchecked");
    let words = words(&ana);
    assert_eq!(words.len(), 24);
    let shown = ana.run(&["recovery", "begin"]);
    assert!(words.iter().all(|word| shown.out.contains(word)));

    let typed = words.join("\n");
    let checked = ana.run_with(&["--json", "recovery", "check"], typed.as_bytes());
    assert_eq!(checked.json()["checked"], true);
    assert_eq!(ana.json(&["status"])["recovery"], "checked");
    ana.run(&["recovery", "begin"])
        .fails(11, "no longer on this device");
    // To practise, at any later time.
    let again = ana.run_with(&["recovery", "check"], typed.to_uppercase().as_bytes());
    assert_eq!(again.code, 0, "{again:?}");
}

#[test]
fn words_that_are_wrong_are_told_by_what_is_wrong_and_not_repeated() {
    let ana = Home::of("Ana");
    let right = words(&ana);
    let said = |typed: &[String]| {
        let ran = ana.run_with(&["--json", "recovery", "check"], typed.join(" ").as_bytes());
        ran.fails(11, "");
        ran.err
    };
    // What programs read and keep: the same whatever the words are, so it repeats none of them.
    let check = |typed: &[String], says: &str| {
        assert_eq!(said(typed), format!("sidelight: {says}\n"));
    };
    check(
        &right[..23],
        "there are 24 recovery words, and here are 23; look whether one is missing, or stands \
         there twice",
    );
    check(
        &[],
        "there are 24 recovery words, and here are 0; look whether one is missing, or stands \
         there twice",
    );
    let mut wrong = right.clone();
    // No word of the list ends with it, and none comes before what it was added to.
    wrong[6] = format!("{}q", right[6]);
    check(
        &wrong,
        "word 7 is misspelt: it is not on the list, and differs by a letter or two from one that \
         is; look at it again",
    );
    let told = ana.run_with(&["recovery", "check"], wrong.join(" ").as_bytes());
    let offered = format!("Is word 7 perhaps: {}?\n", right[6]);
    assert!(
        told.code == 11 && told.err.starts_with(&offered),
        "{told:?}"
    );
    wrong[6] = "zzzzzzz".to_owned();
    check(
        &wrong,
        "word 7 is not one of the words that are used for this; look at it again",
    );
    let not_ours = "these are recovery words, but not those of this journal; look whether they \
                    belong to another one, or were replaced";
    // Eight bits of the checksum: of these one in 256 is somebody else's words.
    let mut swapped = right.clone();
    let other = (1..24).find(|at| right[*at] != right[0]).unwrap();
    swapped.swap(0, other);
    let changed_places = "each of the 24 words is on the list, but not these in this order: two \
                          have changed places, or one is another word; compare them with what \
                          you wrote down";
    let told = said(&swapped);
    assert!(
        [changed_places, not_ours]
            .iter()
            .any(|says| told == format!("sidelight: {says}\n")),
        "{told}"
    );
    let spanish = "ábaco abdomen abeja abierto abogado abono aborto abrazo abrir abuelo abuso \
                   acabar academia acceso acción aceite acelga acento aceptar ácido aclarar acné \
                   acoger acoso";
    let spanish: Vec<String> = spanish.split(' ').map(str::to_owned).collect();
    check(
        &spanish,
        "most of these words are not on the English list, as those of another language are not; \
         Sidelight's recovery words are English ones",
    );
    check(&words(&Home::of("Ben")), not_ours);
    // Nothing of all this has used the words up.
    assert_eq!(words(&ana), right);
}

#[test]
fn who_begins_anew_keeps_their_entries_and_can_pair_again() {
    let couple = Couple::paired();
    let (ana, ben) = (&couple.ana, &couple.ben);
    ana.write("for me alone");
    ana.json(&["write", "--share", "from ana"]);
    ana.sync();
    ben.json(&["write", "--share", "from ben"]);
    ben.sync();
    ana.sync();
    let before = ana.json(&["status"]);

    ana.run(&["refound"]).fails(11, "--yes");
    let begun = ana.json(&["refound", "--yes"]);
    assert_eq!(
        (&begun["refounded"], &begun["kept"]),
        (&true.into(), &2.into())
    );
    let after = ana.json(&["status"]);
    assert_ne!(after["person"], before["person"]);
    assert!(after["partner"].is_null());
    assert_eq!(after["recovery"], "unchecked");
    let entries = ana.json(&["list"])["entries"].clone();
    let mine = |text: &str| {
        let all = entries.as_array().unwrap();
        let entry = all.iter().find(|entry| entry["text"] == text).unwrap();
        (
            entry["mine"].clone(),
            entry["space"].clone(),
            entry["author"].clone(),
        )
    };
    assert_eq!(entries.as_array().unwrap().len(), 3);
    for own in ["for me alone", "from ana"] {
        assert_eq!(mine(own), (true.into(), "private".into(), "Ana".into()));
    }
    assert_eq!(
        mine("from ben"),
        (false.into(), "shared".into(), "Ben".into())
    );

    // Ben hears nothing, and is in nobody's way.
    ana.sync();
    assert_eq!(ben.sync()["received"], 0);
    let carl = Home::at("Carl", &couple.relay.address);
    let link = text_of(&ana.json(&["invite", "--no-wait"])["link"]);
    ana.sync();
    carl.json(&["join", "--no-wait", &link]);
    for home in [&carl, ana, &carl] {
        home.sync();
    }
    for home in [ana, &carl] {
        home.json(&["confirm", "--yes"]);
    }
    for home in [ana, &carl, ana] {
        home.sync();
    }
    ana.json(&["write", "--share", "to carl"]);
    ana.sync();
    carl.sync();
    assert_eq!(carl.texts(), ["to carl"]);
}

/// Ana and Ben compare once more; `back` is the one who was brought back.
pub(crate) fn compare_again(back: &Home, other: &Home) {
    let link = text_of(&back.json(&["invite", "--no-wait", "--again"])["link"]);
    back.sync();
    other.json(&["join", "--no-wait", "--again", &link]);
    for home in [other, back, other] {
        home.sync();
    }
    let emoji = |home: &Home| home.json(&["status"])["pairing"]["comparison"].clone();
    assert_eq!(emoji(back), emoji(other));
    assert_eq!(emoji(back).as_array().unwrap().len(), 7);
    for home in [back, other] {
        home.json(&["confirm", "--yes"]);
    }
    for home in [back, other, back] {
        home.sync();
    }
}

#[test]
fn everything_comes_back_on_a_blank_device_from_words_and_address_alone() {
    let couple = Couple::paired();
    let (ana, ben, address) = (&couple.ana, &couple.ben, &couple.relay.address);
    let words = words(ana);
    let typed = words.join(" ");
    ana.run_with(&["recovery", "check"], typed.as_bytes());
    ana.write("for me alone");
    ana.json(&["write", "--share", "from ana"]);
    ana.sync();
    ben.json(&["write", "--share", "from ben"]);
    ben.sync();
    ana.sync();
    ana.json(&["rotate"]);
    ana.write("after new keys");
    ana.sync();
    let (all, before) = (ana.texts(), ana.json(&["status"]));

    let back = Home::empty();
    let recover = |typed: &str| {
        let arguments = [
            "--json",
            "recover",
            "--relay",
            address,
            "--device",
            "new phone",
        ];
        back.run_with(&arguments, typed.as_bytes())
    };
    // One wrong word: of which kind the mistake is.
    let mut wrong = words.clone();
    wrong[6] = format!("{}qq", words[6]);
    recover(&wrong.join(" ")).fails(11, "word 7");
    recover(&words[1..].join(" ")).fails(11, "24 recovery words");
    let other = super::recovery::words(&Home::of("Carl"));
    recover(&other.join(" ")).fails(3, "no journal for them");

    let recovered = recover(&typed).json();
    assert_eq!(recovered["recovered"], true);
    assert_eq!(
        (&recovered["name"], &recovered["partner"]),
        (&"Ana".into(), &"Ben".into())
    );
    assert_eq!(back.texts(), all);
    let status = back.json(&["status"]);
    assert_eq!(status["person"], before["person"]);
    assert_eq!(status["recovery"], "checked");
    assert_eq!(status["compare_again"], true);
    back.run(&["write", "--share", "too early"])
        .fails(5, "compare once more");
    back.write("for me, on the new phone");

    compare_again(&back, ben);
    assert_eq!(back.json(&["status"])["compare_again"], false);
    back.json(&["write", "--share", "here again"]);
    back.sync();
    ben.sync();
    ben.json(&["write", "--share", "welcome back"]);
    ben.sync();
    back.sync();
    assert!(ben.texts().contains(&"here again".to_owned()));
    assert!(back.texts().contains(&"welcome back".to_owned()));
    // The old phone reads none of it, and says that it is out.
    let _ = ana.run(&["sync"]);
    assert!(
        !ana.texts()
            .iter()
            .any(|text| text == "here again" || text == "welcome back")
    );
    ana.run(&["write", "anything"]).fails(6, "removed");
}

#[test]
fn words_are_replaced_by_the_old_ones_only() {
    let couple = Couple::apart();
    let (ana, address) = (&couple.ana, &couple.relay.address);
    let old = words(ana).join(" ");
    ana.sync();
    ana.run_with(&["recovery", "replace"], old.as_bytes())
        .fails(11, "have not been checked");
    ana.run_with(&["recovery", "check"], old.as_bytes());
    ana.run_with(
        &["recovery", "replace"],
        words(&couple.ben).join(" ").as_bytes(),
    )
    .fails(11, "not those of this journal");
    let replaced = ana.run_with(&["--json", "recovery", "replace"], old.as_bytes());
    let new = words(ana).join(" ");
    assert_ne!(new, old);
    assert_eq!(replaced.json()["words"].as_array().unwrap().len(), 24);
    ana.run_with(&["recovery", "check"], new.as_bytes());
    ana.write("under new words");
    ana.sync();
    let back = Home::empty();
    let arguments = ["--json", "recover", "--relay", address];
    back.run_with(&arguments, new.as_bytes()).json();
    assert_eq!(back.texts(), ["under new words"]);
    let late = Home::empty();
    late.run_with(&arguments[1..], old.as_bytes())
        .fails(11, "were replaced by others");
    assert!(late.texts().is_empty());
}
