use super::*;

fn fault(kind: Kind, schedule: Schedule) -> Fault {
    Fault { id: 0, provider: "exotel", kind, schedule, any_request: false, after_accept: true, bytes: 0 }
}

/// The fault of a request that the provider accepts if it is a send; the request is counted.
fn take(faults: &mut Faults, provider: &str, is_send: bool) -> Option<Fault> {
    let hit = faults.next(provider, is_send);
    faults.count(provider, Counted::of(is_send, is_send), hit.as_ref());
    hit
}

fn names(faults: &mut Faults, requests: usize) -> Vec<&'static str> {
    let mut names = Vec::new();
    for _ in 0..requests {
        names.push(take(faults, "exotel", true).map_or("-", |fault| fault.kind.name()));
    }
    names
}

#[test]
fn the_first_match_wins_and_is_used_up() {
    let mut faults = Faults::default();
    assert!(faults.append(vec![fault(Kind::LoseReply, Schedule::Next(2)), fault(Kind::Hang, Schedule::Next(1))]));
    assert_eq!(names(&mut faults, 4), ["lose_reply", "lose_reply", "hang", "-"]);
    assert!(faults.rules().is_empty());
}

#[test]
fn every_third_is_the_third_the_sixth_and_so_on() {
    let mut faults = Faults::default();
    assert!(faults.append(vec![fault(Kind::Html, Schedule::Every { n: 3, seen: 0 })]));
    assert_eq!(names(&mut faults, 6), ["-", "-", "html", "-", "-", "html"]);
}

#[test]
fn a_fault_hits_sends_of_its_provider_only_unless_it_says_any() {
    let mut faults = Faults::default();
    assert!(faults.append(vec![fault(Kind::Reset, Schedule::Always)]));
    assert!(take(&mut faults, "exotel", false).is_none());
    assert!(take(&mut faults, "messangi", true).is_none());
    faults.clear();
    assert!(faults.append(vec![Fault { any_request: true, ..fault(Kind::Reset, Schedule::Always) }]));
    assert!(take(&mut faults, "exotel", false).is_some());
}

#[test]
fn a_rule_is_removed_by_its_number_which_no_other_ever_gets() {
    let mut faults = Faults::default();
    assert!(faults.append(vec![fault(Kind::Html, Schedule::Always), fault(Kind::Reset, Schedule::Always)]));
    assert!(faults.remove(2) && !faults.remove(2));
    assert!(faults.append(vec![fault(Kind::Hang, Schedule::Always)]));
    assert_eq!(
        faults.rules().iter().map(|rule| (rule.id, rule.kind.name())).collect::<Vec<_>>(),
        [(1, "html"), (3, "hang")]
    );
}

#[test]
fn looking_ahead_counts_nothing() {
    let mut faults = Faults::default();
    assert!(faults.append(vec![fault(Kind::LoseReply, Schedule::Every { n: 2, seen: 0 })]));
    assert!(!faults.would_drop_reply("exotel", true));
    take(&mut faults, "exotel", true);
    assert!(faults.would_drop_reply("exotel", true));
    assert!(faults.would_drop_reply("exotel", true));
    assert!(take(&mut faults, "exotel", true).is_some());
}

#[test]
fn too_many_rules_are_refused_as_a_whole() {
    let mut faults = Faults::default();
    assert!(!faults.append(vec![fault(Kind::Html, Schedule::Always); MAX_RULES + 1]));
    assert!(faults.rules().is_empty());
}

#[test]
fn rules_over_the_bound_in_bytes_are_refused_as_a_whole() {
    let large = |body: Value| {
        let kind = Kind::Status { status: 500, body: Some(body), headers: Vec::new() };
        Fault { bytes: kind.bytes(), ..fault(kind, Schedule::Always) }
    };
    for (body, fit) in [(json!("x".repeat(3_000_000)), 5), (json!(vec![1; 100_000]), 5)] {
        let mut faults = Faults::default();
        for _ in 0..fit {
            assert!(faults.append(vec![large(body.clone())]));
        }
        assert!(!faults.append(vec![large(body)]));
        assert!(faults.bytes() <= MAX_BYTES && faults.rules().len() == fit);
    }
}

/// As the rules would be counted one by one.
fn plain(rules: &mut [Fault], request: Counted) -> Option<usize> {
    let is_send = request != Counted::Other;
    for (index, rule) in rules.iter_mut().enumerate().filter(|(_, rule)| is_send || rule.any_request) {
        let (due, reaches) = (rule.schedule.is_due(), rule.reaches(request));
        if reaches {
            rule.schedule.count();
        }
        if due {
            return reaches.then_some(index);
        }
    }
    None
}

#[test]
fn idle_fault_rules_count_skipped_requests_correctly() {
    let every = |n, any_request, after_accept| Fault {
        any_request,
        after_accept,
        ..fault(Kind::Html, Schedule::Every { n, seen: 0 })
    };
    let rules = vec![every(7, false, true), every(5, true, false), every(11, true, true), every(3, false, false)];
    let (mut faults, mut counted) = (Faults::default(), rules.clone());
    assert!(faults.append(rules));
    for number in 0..500_u32 {
        let request = [Counted::Accepted, Counted::Other, Counted::Refused, Counted::Accepted][number as usize % 4];
        let is_send = request != Counted::Other;
        let hit = faults.next("exotel", is_send);
        // Whether a rule that waits for an accepted message hits is only known then.
        let hits = hit.as_ref().is_some_and(|hit| hit.reaches(request));
        faults.count("exotel", request, hit.as_ref());
        let expected = plain(&mut counted, request).map(|index| index as u64 + 1);
        assert_eq!(hit.filter(|_| hits).map(|hit| hit.id), expected, "request {number}");
        let seen: Vec<_> = faults.rules().iter().map(|rule| rule.schedule).collect();
        assert_eq!(seen, counted.iter().map(|rule| rule.schedule).collect::<Vec<_>>(), "request {number}");
    }
}

#[test]
fn a_refused_send_leaves_rules_for_accepted_ones_alone() {
    let mut faults = Faults::default();
    let every = Fault { after_accept: true, ..fault(Kind::Html, Schedule::Every { n: 2, seen: 0 }) };
    let refusing = Fault { after_accept: false, ..fault(Kind::Reset, Schedule::Every { n: 9, seen: 0 }) };
    assert!(faults.append(vec![fault(Kind::LoseReply, Schedule::Next(2)), every, refusing]));
    let before = faults.rules();
    let hit = faults.next("exotel", true);
    faults.count("exotel", Counted::Refused, hit.as_ref());
    let schedules = |rules: &[Fault]| rules.iter().map(|rule| rule.schedule).collect::<Vec<_>>();
    assert_eq!(schedules(&faults.rules()), schedules(&before));
    assert_eq!(names(&mut faults, 4), ["lose_reply", "lose_reply", "-", "html"]);
}

#[test]
fn numbers_go_on_so_that_no_two_rules_have_the_same() {
    let mut faults = Faults::default();
    assert!(faults.append(vec![fault(Kind::Html, Schedule::Next(1)); 2]));
    faults.clear();
    assert!(faults.append(vec![fault(Kind::Html, Schedule::Next(1))]));
    assert_eq!(take(&mut faults, "exotel", true).map(|hit| hit.cause()), Some("fault 3 (html)".to_owned()));
}
