"""Raw texts: tokens that know their characters, labels of them, and what marks entities."""

import pickle
import re
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline

from skrnn import RNNClassifier, SequenceArray, SequenceTagger, TokenEncoder, tag_text
from skrnn.inspection import TagDisplay
from skrnn.metrics import span_f1_score

PATTERN = r"\w+|[^\w\s]"
NEWS = (
    "LONDON, 3 March — Angela Merkel met Zoë O'Neill in New York on Monday; “İstanbul is next”, "
    "the ex-chancellor said.\nShares of A.P. Møller fell 3.5% to 1,024 kr."
)


def spans_hold(text, tokens, lowercase):
    """Whether each token is its characters of the text, in order."""
    end = 0
    for token in tokens:
        surface = text[token.start : token.end]
        # A sigma at the end of a word has a lower case of its own, which it lacks alone.
        if surface.casefold() != token.token.casefold() or token.start < end:
            return False
        if not lowercase and surface != token.token:
            return False
        end = token.end
    return True


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("pattern", [None, PATTERN, r"\S+", r"[a-z]+", r"(\w+)[,;]"])
def test_offsets_are_those_of_the_text(pattern, lowercase):
    encoder = TokenEncoder(token_pattern=pattern, lowercase=lowercase)
    tokens = encoder.tokenize(NEWS)
    assert len(tokens) > 2
    assert spans_hold(NEWS, tokens, lowercase)
    ids = encoder.fit_transform([NEWS])
    assert [t.token for t in tokens] == encoder.inverse_transform(ids)[0].tolist()


def test_tokens_are_those_of_count_vectorizer_where_there_are_no_marks():
    text = NEWS.replace("İ", "I")
    for pattern in (r"(?u)\b\w\w+\b", PATTERN, r"(\w+)[,;]"):
        for lowercase in (True, False):
            analyze = CountVectorizer(token_pattern=pattern, lowercase=lowercase).build_analyzer()
            encoder = TokenEncoder(token_pattern=pattern, lowercase=lowercase)
            assert [t.token for t in encoder.tokenize(text)] == analyze(text)


@given(
    st.text(alphabet="aB1 \n\té\u0301\u200dİςΣन\u093fम\u0938\u094dत\u0947!'❤\ufe0f", max_size=30)
)
@settings(
    deadline=None,
    max_examples=150,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],  # where the machine has other work
)
def test_offsets_of_any_text(text):
    for analyzer in ("word", "char"):
        for lowercase in (True, False):
            encoder = TokenEncoder(analyzer=analyzer, lowercase=lowercase, token_pattern=PATTERN)
            assert spans_hold(text, encoder.tokenize(text), lowercase)


@pytest.mark.parametrize(
    "text, words",
    [
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),  # Devanagari, with vowel signs and a virama
        ("வணக்கம் உலகம்", ["வணக்கம்", "உலகம்"]),  # Tamil
        ("cafe\u0301 de\u0301ja\u0300", ["cafe\u0301", "de\u0301ja\u0300"]),  # decomposed
        ("می\u200cخواهم کتاب", ["می\u200cخواهم", "کتاب"]),  # Persian, with a joiner
        ("สวัสดี ชาวโลก", ["สวัสดี", "ชาวโลก"]),  # Thai
        ("ni\u0307ce \u0301 x", ["ni\u0307ce"]),  # a mark that stands alone is no word
    ],
)
def test_words_keep_their_combining_marks(text, words):
    assert [t.token for t in TokenEncoder().tokenize(text)] == words
    kept = [t.token for t in TokenEncoder(token_pattern=PATTERN).tokenize(text)]
    assert [token for token in kept if token in words] == words
    names = TokenEncoder().fit([text]).get_feature_names_out()[1:]
    assert sorted(words) == names.tolist()


def test_a_symbol_keeps_what_modifies_it():
    tokens = [t.token for t in TokenEncoder(token_pattern=PATTERN).tokenize("I ❤️ it!")]
    assert tokens == ["i", "❤️", "it", "!"]


def test_characters_are_code_points_unless_a_function_says_otherwise():
    family, flag = "👩\u200d👧", "🇩🇪"
    assert [t.token for t in TokenEncoder(analyzer="char").tokenize(flag + "e\u0301")] == [
        *flag,
        "e",
        "\u0301",
    ]
    wholes = re.compile(f"{family}|{flag}|.").findall
    tokens = [t.token for t in TokenEncoder(analyzer=wholes).tokenize(f"{family}x{flag}")]
    assert tokens == [family, "x", flag]


def test_what_cannot_be_seen_is_no_token():
    text = "\ufeffOh,\u200b no\u2060!\ufeff"
    tokens = TokenEncoder(token_pattern=PATTERN, lowercase=False).tokenize(text)
    assert [token for token, *_ in tokens] == ["Oh", ",", "no", "!"]
    assert all(text[start:end] == token for token, start, end in tokens)


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("text", ["a  b\n\tC", "İstanbul\u0301", " ", "\u0301x", "straße STRASSE"])
def test_each_character_is_one_id(text, lowercase):
    encoder = TokenEncoder(analyzer="char", lowercase=lowercase)
    assert encoder.fit_transform([text]).lengths.tolist() == [len(text)]
    tokens = encoder.tokenize(text)
    assert [(t.start, t.end) for t in tokens] == [(i, i + 1) for i in range(len(text))]
    assert [t.token for t in tokens] == [c.lower() if lowercase else c for c in text]


def test_labels_of_characters_stay_with_them():
    texts = ["ab  AB", "İb\n\nb"] * 8
    labels = [["x" if c in "aAİ" else "y" for c in text] for text in texts]
    tagger = SequenceTagger(batch_size=1, max_iter=25, random_state=0)
    model = make_pipeline(TokenEncoder(analyzer="char"), tagger).fit(texts, labels)
    assert model.predict(["bA  bİ"])[0].tolist() == ["y", "x", "y", "y", "y", "x"]


def test_a_callable_analyzer_cuts_out_of_the_text():
    assert [tuple(t) for t in TokenEncoder(analyzer=str.split).tokenize(" a bb a")] == [
        ("a", 1, 2),
        ("bb", 3, 5),
        ("a", 6, 7),
    ]
    with pytest.raises(ValueError, match="analyzer returns 'A', which is not in the text behind"):
        TokenEncoder(analyzer=lambda text: text.upper().split()).tokenize("a b")


@pytest.mark.parametrize("text", [["a b"], b"a b", None, 3])
def test_tokenize_takes_one_string(text):
    with pytest.raises(TypeError, match="text must be one string, got"):
        TokenEncoder().tokenize(text)


def test_patterns_with_two_groups_or_none():
    with pytest.raises(ValueError, match=r"token_pattern='\(a\)\(b\)' .* more than 1 capturing"):
        TokenEncoder(token_pattern="(a)(b)").tokenize("ab")
    with pytest.raises(ValueError, match=r"token_pattern='\(' is no regular expression"):
        TokenEncoder(token_pattern="(").fit(["ab"])


# ------------------------------------------------------------------ strings where lists were learnt


@pytest.mark.parametrize(
    "tokens, text",
    [
        (["Mr.", "he"], "Mr.| |he|.| |Mrs|."),
        (["is", "n't", "."], "is|n't| |was|n't|.| |n|.| |t"),
        (["don't"], "don't| |won|'|t"),
        (["'s", "Ann"], "Ann|'s| |Bob|'s| |'|ss|'"),
        (["3.5", "a"], "3.5|%| |1,024| |10|.| |2|,| |b"),
        (["7"], "3|.|5"),
        (["e-mail", "-"], "e-mail|-|s| |ex|-|king"),
        (["e-mail", "mail"], "e-mail| |ex-king| |-|x"),
        (["...", "--", "."], "a|...| |b|--|c|.|.| |d"),
        (["U.S.", "us"], "the| |U.S.| |U|.|S"),
        (["#tag", "@ann"], "#tag| |#tags| |@bob| |a|@|b"),
        (["tag"], "#|tag| |http|:|/|/|a|.|b"),
        (["http://a.b"], "see| |https://c.d/e?f=1,2| |!"),
        (["a|b", "(c)"], "a|" + chr(124) + "|bc| |(c)"),
        (["plain"], "plain| |text|,| |as| |it| |is|."),
    ],
)
def test_strings_are_cut_as_the_tokens_that_were_learnt(tokens, text):
    encoder = TokenEncoder().fit([tokens])
    pieces = text.split("|") if "a|b" not in tokens else ["a", "|", "bc", " ", "(c)"]
    found = encoder.tokenize("".join(pieces))
    assert [token.token for token in found] == [piece for piece in pieces if piece.strip()]
    assert spans_hold("".join(pieces), found, lowercase=False)
    again = pickle.loads(pickle.dumps(encoder))
    assert again.tokenize("".join(pieces)) == found


def test_a_pattern_of_ones_own_comes_first():
    encoder = TokenEncoder(token_pattern=r"\S+").fit([["Mr.", "n't"]])
    assert [token.token for token in encoder.tokenize("Mr. isn't")] == ["Mr.", "isn't"]


PEOPLE = [("she", "O"), ("Ann", "B-PER"), ("Bob", "B-PER"), ("Bob Dylan", "B-PER I-PER")]
PLACES = [("Rome", "B-LOC"), ("New York", "B-LOC I-LOC")]
FORMS = ["{0} flies to {1} .", "{0} met {2} , in {1} .", "{1} , {0} !"]


def write(form, person, place, other):
    words, labels = form.format(person[0], place[0], other[0]), form
    for i, (_, tags) in enumerate((person, place, other)):
        labels = labels.replace(f"{{{i}}}", tags)
    known = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
    return words.split(), [label if label in known else "O" for label in labels.split()]


EVERY = [write(*parts) for parts in product(FORMS, PEOPLE, PLACES, PEOPLE)]
X, Y = ([pair[i] for pair in EVERY] for i in (0, 1))


@pytest.fixture(scope="module")
def model():
    tagger = SequenceTagger(hidden_size=32, batch_size=4, max_iter=8, random_state=0)
    return make_pipeline(TokenEncoder(), tagger).fit(X, Y)


def test_strings_are_refused_where_lists_were_learnt(model):
    for method in (model.predict, model.predict_proba, model[0].transform):
        with pytest.raises(TypeError, match=r"X\[1\] is a string, but fit saw lists of tokens"):
            method([["Ann"], "Ann flies to Rome."])
    copy = pickle.loads(pickle.dumps(model))
    with pytest.raises(TypeError, match="tokenize|tag_text"):
        copy.predict(["Ann flies."])
    model[0].transform([["Ann"]])
    TokenEncoder().fit(["Ann flies"]).transform([["ann"]])  # lists are what texts become


def test_a_raw_string_is_tagged_with_its_characters(model):
    text = "Ann  met Bob Dylan, in New York."
    tagged = tag_text(model, text)
    assert [token for token, _, _ in tagged.tokens] == [
        *("Ann", "met", "Bob", "Dylan", ",", "in", "New", "York", ".")
    ]
    labels = model.predict([[token for token, _, _ in tagged.tokens]])[0].tolist()
    assert [label for _, label, _ in tagged.tokens] == labels
    assert all(text[start:end] == token for token, _, (start, end) in tagged.tokens)
    assert [tuple(entity) for entity in tagged.entities] == [
        ("Ann", "PER", 0, 3),
        ("Bob Dylan", "PER", 9, 18),
        ("New York", "LOC", 23, 31),
    ]
    assert all(text[e.start : e.end] == e.text for e in tagged.entities)


def test_several_strings_and_those_without_a_token(model):
    tagged = tag_text(model, ["Ann", "", " \n", "Rome"])
    assert [len(one.tokens) for one in tagged] == [1, 0, 0, 1]
    assert [one.entities for one in tagged[1:3]] == [[], []]
    assert tag_text(model, []) == []


@pytest.mark.parametrize("wrap", [lambda m: m, lambda m: GridSearchCV(m, {}, cv=2)])
def test_texts_are_tagged_as_they_were_learnt(wrap):
    texts, labels = ["Ann flies", "she Flies"] * 4, [["B-P", "O"], ["O", "O"]] * 4
    tagger = SequenceTagger(hidden_size=16, max_iter=20, batch_size=1, random_state=0)
    model = wrap(make_pipeline(TokenEncoder(), tagger)).fit(texts, labels)
    tagged = tag_text(model, "ANN, flies")
    assert tagged.tokens == [("ann", "B-P", (0, 3)), ("flies", "O", (5, 10))]
    assert tagged.entities == [("ANN", "P", 0, 3)]
    split = wrap(make_pipeline(TokenEncoder(analyzer=str.split), tagger)).fit(texts, labels)
    assert [t.span for t in tag_text(split, " Ann  flies").tokens] == [(1, 4), (6, 11)]


@pytest.mark.slow
@pytest.mark.parametrize("off", [None, "passthrough"])
def test_the_encoder_comes_first_of_the_steps_that_are_not_switched_off(model, off):
    steps = [("off", off), *model.steps]
    assert tag_text(Pipeline(steps), "Ann met Bob") == tag_text(model, "Ann met Bob")


@pytest.mark.parametrize("scheme", ["bio", "iobes", "bilou", "bmes", "conlleval", None])
def test_entities_of_every_scheme(scheme):
    tags = {
        "iobes": ["B-A", "I-A", "E-A", "O", "S-B"],
        "bilou": ["B-A", "I-A", "L-A", "O", "U-B"],
        "bmes": ["B-A", "M-A", "E-A", "O", "S-B"],
    }.get(scheme, ["B-A", "I-A", "I-A", "O", "B-B"])
    tagger = SequenceTagger(batch_size=1, max_iter=25, random_state=0)
    model = make_pipeline(TokenEncoder(), tagger).fit([list("vwxyz")] * 8, [tags] * 8)
    tagged = tag_text(model, "v w x y z", scheme=scheme)
    assert tagged.entities == [("v w x", "A", 0, 5), ("z", "B", 8, 9)]
    assert tag_text(model, "v w x y z").entities == tagged.entities


def test_parts_of_speech_mark_no_entities():
    tagger = SequenceTagger(batch_size=1, max_iter=25, random_state=0)
    model = make_pipeline(TokenEncoder(), tagger).fit([["he", "sings"]] * 8, [["PRON", "VERB"]] * 8)
    assert tag_text(model, "he sings").entities == []
    with pytest.raises(ValueError, match="'PRON' is no tag of scheme='bio'"):
        tag_text(model, "he sings", scheme="bio")
    assert str(TagDisplay.from_estimator(model, "he sings")) == "[he|PRON] [sings|VERB]"


def test_what_cannot_tag_is_refused(model):
    with pytest.raises(TypeError, match="SequenceTagger that does not begin with a TokenEncoder"):
        tag_text(model[-1], "Ann")
    texts = make_pipeline(TokenEncoder(), RNNClassifier(hidden_size=2, max_iter=1))
    texts.fit(["ab cd", "ef gh"] * 4, [0, 1] * 4)
    with pytest.raises(ValueError, match="has 3 tokens, but the estimator answers with"):
        tag_text(texts, "ab cd ef")
    with pytest.raises(TypeError, match="text must be one string, got 3"):
        tag_text(model, [3])


# --------------------------------------------------------------------------------- empty sentences


def test_a_sentence_without_tokens_has_no_labels(model):
    found = model.predict([[], ["Ann"], []])
    assert [len(labels) for labels in found] == [0, 1, 0]
    assert [p.shape for p in model.predict_proba([["Ann"], []])] == [(1, 5), (0, 5)]
    assert model.score([[], *X], [[], *Y]) == model.score(X, Y) > 0.9
    assert span_f1_score([[], *Y], model.predict([[], *X])) == span_f1_score(Y, model.predict(X))


@pytest.mark.parametrize("decoder", ["softmax", "crf"])
def test_sentences_without_tokens_teach_nothing(decoder):
    tagger = SequenceTagger(hidden_size=4, max_iter=3, decoder=decoder, random_state=0)
    model = make_pipeline(TokenEncoder(), tagger).fit([[], *X], [[], *Y])
    assert set(model[-1].classes_) == {"B-LOC", "B-PER", "I-LOC", "I-PER", "O"}
    assert [len(p) for p in model.predict([[], ["Ann", "flies"]])] == [0, 2]
    with pytest.raises(ValueError, match=r"y\[0\] has 2 value"):
        model.fit([[], *X], [["O", "O"], *Y])


def test_sequences_without_steps_are_followed_through_choices():
    ids = TokenEncoder().fit_transform([[], ["a"], ["b", "a"], []])
    assert ids.without_steps.tolist() == [True, False, False, True]
    assert ids[1:].without_steps.tolist() == [False, False, True]
    assert ids[[3, 1]].without_steps.tolist() == [True, False]
    joined = SequenceArray.concatenate([ids[1:3], TokenEncoder().fit_transform([["a"], ["b"]])])
    assert joined.without_steps.tolist() == [False] * 4
    assert TokenEncoder().fit_transform([["a"]]).without_steps is None


# --------------------------------------------------------------------------------------- displays


def test_a_display_as_text_and_as_html(model):
    display = TagDisplay.from_estimator(model, "Ann met Bob, in New York. <i> & </i>")
    assert str(display).startswith("[Ann|PER] met [Bob|PER], in [New York|LOC]. <i> & ")
    html = display._repr_html_()
    assert html.count("<mark") == html.count("</mark>") == 3
    assert "&lt;i&gt; &amp; &lt;/i&gt;" in html
    assert "<small" in html and ">LOC</small>" in html
    colours = [part.split(";")[0] for part in html.split("background: ")[1:]]
    assert colours[0] == colours[1] != colours[2]
    assert repr(display).startswith("TagDisplay(n_marks=3):\n[Ann|PER]")


@pytest.mark.parametrize(
    "marks", [[(2, 5, "A"), (4, 6, "B")], [(3, 3, "A")], [(-1, 2, "A")], [(4, 9, "A")]]
)
def test_marks_do_not_overlap(marks):
    with pytest.raises(ValueError, match="overlaps the one before, is empty or is not within"):
        TagDisplay("Ann met", marks)


def test_a_display_shows_one_string(model):
    with pytest.raises(TypeError, match="text must be one string, got list"):
        TagDisplay.from_estimator(model, ["Ann"])
    assert np.array_equal(TagDisplay("Ann", []).marks, [])
