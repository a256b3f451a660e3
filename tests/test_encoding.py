"""Bytes become the text that was meant, or a gap says that the encoding was guessed, or the file is rejected."""

from __future__ import annotations

import codecs
import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rag.documents.encoding import decode
from rag.documents.extract import Rejected
from rag.errors import UnreadableDocument

TEXTS = {
    "English": (
        "The foreign minister met her counterpart in Geneva on Tuesday and said the talks had been “frank "
        "and useful”. No date was named for a second round – the ministry’s spokesman declined to comment. A "
        "café owner near the hotel said he had seen the delegations leave at half past nine. The agreement "
        "would cost €20 million over three years, officials said."
    ),
    "French": (
        "Le ministre des Affaires étrangères a rencontré son homologue à Genève mardi et a déclaré que les "
        "négociations avaient été utiles. Aucune date n’a été fixée pour une deuxième série d’entretiens, a "
        "précisé le porte-parole. Le propriétaire d’un café près de l’hôtel a vu les délégations partir à "
        "neuf heures et demie. L’accord coûterait vingt millions d’euros sur trois ans, selon des "
        "fonctionnaires."
    ),
    "German": (
        "Die Außenministerin traf am Dienstag in Genf ihren Amtskollegen und bezeichnete die Gespräche als "
        "offen und nützlich. Für eine zweite Runde wurde kein Termin genannt, erklärte der Sprecher des "
        "Ministeriums. Der Besitzer eines Cafés in der Nähe des Hotels sah die Delegationen gegen halb zehn "
        "abfahren. Das Abkommen würde über drei Jahre zwanzig Millionen Euro kosten, hieß es."
    ),
    "Spanish": (
        "El ministro de Asuntos Exteriores se reunió el martes en Ginebra con su homólogo y dijo que las "
        "conversaciones habían sido útiles. No se fijó fecha para una segunda ronda, señaló el portavoz. El "
        "dueño de un café cercano al hotel vio salir a las delegaciones a las nueve y media. ¿Cuándo "
        "volverán? El año próximo, según los funcionarios españoles."
    ),
    "Czech": (
        "Ministr zahraničí se v úterý v Ženevě setkal se svým protějškem a řekl, že jednání byla otevřená a "
        "užitečná. Termín druhého kola nebyl stanoven, uvedl mluvčí ministerstva. Majitel kavárny nedaleko "
        "hotelu viděl delegace odjíždět o půl desáté. Dohoda by podle úředníků stála během tří let dvacet "
        "milionů eur. Příští schůzka se má konat v Praze."
    ),
    "Polish": (
        "Minister spraw zagranicznych spotkał się we wtorek w Genewie ze swoim odpowiednikiem i powiedział, "
        "że rozmowy były szczere i pożyteczne. Nie wyznaczono terminu drugiej rundy, oświadczył rzecznik "
        "ministerstwa. Właściciel kawiarni w pobliżu hotelu widział, jak delegacje odjeżdżały o wpół do "
        "dziesiątej."
    ),
    "Hungarian": (
        "A külügyminiszter kedden Genfben találkozott kollégájával, és őszintének, hasznosnak nevezte a "
        "megbeszéléseket. A második forduló időpontját nem tűzték ki, közölte a minisztérium szóvivője. A "
        "szálloda közelében lévő kávézó tulajdonosa látta, hogy a küldöttségek fél tízkor elindultak. Az "
        "egyezmény hűvös fogadtatásra talált."
    ),
    "Turkish": (
        "Dışişleri Bakanı salı günü Cenevre'de mevkidaşıyla görüştü ve görüşmelerin açık ve yararlı olduğunu "
        "söyledi. İkinci tur için tarih belirlenmedi, dedi bakanlık sözcüsü. Otelin yakınındaki bir kahvenin "
        "sahibi, heyetlerin dokuz buçukta ayrıldığını gördü. Yetkililere göre anlaşma üç yılda yirmi milyon "
        "avroya mal olacak."
    ),
    "Russian": (
        "Министр иностранных дел во вторник встретился в Женеве со своим коллегой и назвал переговоры "
        "откровенными и полезными. Дата второго раунда не названа, сообщил представитель министерства. "
        "Владелец кафе рядом с гостиницей видел, как делегации уехали в половине десятого. По словам "
        "чиновников, соглашение обойдётся в двадцать миллионов евро за три года."
    ),
    "Ukrainian": (
        "Міністр закордонних справ у вівторок зустрівся в Женеві зі своїм колегою і назвав переговори "
        "відвертими та корисними. Дату другого раунду не названо, повідомив речник міністерства. Власник "
        "кав'ярні поруч із готелем бачив, як делегації поїхали о пів на десяту. За словами чиновників, угода "
        "коштуватиме двадцять мільйонів євро."
    ),
    "Greek": (
        "Ο υπουργός Εξωτερικών συναντήθηκε την Τρίτη στη Γενεύη με τον ομόλογό του και χαρακτήρισε τις "
        "συνομιλίες ειλικρινείς και χρήσιμες. Δεν ορίστηκε ημερομηνία για δεύτερο γύρο, ανέφερε ο εκπρόσωπος "
        "του υπουργείου. Ο ιδιοκτήτης ενός καφενείου κοντά στο ξενοδοχείο είδε τις αντιπροσωπείες να φεύγουν "
        "στις εννέα και μισή."
    ),
    "Hebrew": (
        "שר החוץ נפגש ביום שלישי בז'נבה עם עמיתו ואמר כי השיחות היו גלויות ומועילות. לא נקבע מועד לסבב שני, "
        "מסר דובר המשרד. בעל בית קפה סמוך למלון ראה את המשלחות עוזבות בתשע וחצי. ההסכם יעלה עשרים מיליון "
        "אירו במשך שלוש שנים, אמרו פקידים. הפגישה הבאה צפויה להתקיים בירושלים בשבוע הבא."
    ),
    "Arabic": (
        "التقى وزير الخارجية نظيره في جنيف يوم الثلاثاء وقال إن المحادثات كانت صريحة ومفيدة. ولم يحدد موعد "
        "للجولة الثانية، حسبما قال المتحدث باسم الوزارة. ورأى صاحب مقهى قرب الفندق الوفود تغادر في التاسعة "
        "والنصف. وقال مسؤولون إن الاتفاق سيكلف عشرين مليون يورو على مدى ثلاث سنوات. ومن المقرر عقد الاجتماع "
        "المقبل في القاهرة."
    ),
    "Thai": (
        "รัฐมนตรีว่าการกระทรวงการต่างประเทศพบกับคู่เจรจาที่เจนีวาเมื่อวันอังคาร "
        "และกล่าวว่าการหารือเป็นไปอย่างตรงไปตรงมาและเป็นประโยชน์ "
        "โฆษกกระทรวงกล่าวว่ายังไม่มีการกำหนดวันสำหรับรอบที่สอง"
    ),
    "Japanese": (
        "外務大臣は火曜日にジュネーブで相手国の大臣と会談し、協議は率直で有益だったと述べた。次回の日程は決ま"
        "っていないと外務省の報道官は説明した。ホテルの近くの喫茶店の主人は、代表団が九時半に出発するのを見た"
        "という。当局者によると、合意には三年間で二千万ユーロかかる見通しだ。次の会合は東京で開かれる予定であ"
        "る。"
    ),
    "Korean": (
        "외무장관은 화요일 제네바에서 상대국 장관을 만나 회담이 솔직하고 유익했다고 말했다. 두 번째 회담의 날짜는 "
        "정해지지 않았다고 대변인이 밝혔다. 호텔 근처 찻집 주인은 대표단이 아홉 시 반에 떠나는 것을 보았다고 "
        "했다. 당국자들은 합의에 삼 년 동안 이천만 유로가 들 것이라고 말했다. 다음 회의는 서울에서 열릴 "
        "예정이다."
    ),
    "Chinese": (
        "外交部长星期二在日内瓦会见了对方外长，并表示会谈坦率而有益。发言人说，第二轮会谈的日期尚未确定。酒店"
        "附近一家咖啡馆的老板看到代表团在九点半离开。官员们说，该协议三年内将耗资两千万欧元。下一次会议预计将"
        "在北京举行。记者没有得到更多的消息。"
    ),
    "Chinese (traditional)": (
        "外交部長星期二在日內瓦會見了對方外長，並表示會談坦率而有益。發言人說，第二輪會談的日期尚未確定。飯店"
        "附近一家咖啡館的老闆看到代表團在九點半離開。官員們說，該協議三年內將耗資兩千萬歐元。下一次會議預計將"
        "在臺北舉行。記者沒有得到更多的消息。"
    ),
}
# Encodings of files that name none, in which each language is or was written.
LEGACY = {
    "English": ("cp1252", "mac-roman"),
    "French": ("cp1252", "iso8859-15", "mac-roman", "cp850"),
    "German": ("cp1252", "iso8859-15", "mac-roman", "cp850"),
    "Spanish": ("cp1252", "iso8859-15", "mac-roman", "cp850"),
    "Czech": ("cp1250", "iso8859-2", "cp852"),
    "Polish": ("cp1250", "iso8859-2", "cp852"),
    "Hungarian": ("cp1250", "iso8859-2", "cp852"),
    "Turkish": ("cp1254",),
    "Russian": ("cp1251", "koi8-r", "iso8859-5", "cp866", "mac-cyrillic"),
    "Ukrainian": ("cp1251", "koi8-u", "iso8859-5"),
    "Greek": ("cp1253", "iso8859-7"),
    "Hebrew": ("cp1255", "iso8859-8"),
    "Arabic": ("cp1256", "iso8859-6"),
    "Thai": ("cp874",),
    "Japanese": ("cp932", "euc_jp", "iso2022_jp"),
    "Korean": ("cp949", "euc_kr", "iso2022_kr"),
    "Chinese": ("gb18030", "gb2312", "hz"),
    "Chinese (traditional)": ("big5", "gb18030"),
}
UNICODE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
ALL = [(language, encoding) for language in TEXTS for encoding in (*LEGACY[language], *UNICODE)]


def reject(data: bytes, declared: str = "") -> str:
    with pytest.raises(Rejected) as caught:
        decode(data, declared)
    assert caught.value.kind is UnreadableDocument
    return caught.value.reason


@pytest.mark.parametrize(("language", "encoding"), ALL)
def test_a_page_of_text_is_read_right_and_the_guess_is_stated(language: str, encoding: str) -> None:
    data = TEXTS[language].encode(encoding, "ignore")
    text, gaps = decode(data)
    assert text == data.decode(encoding)
    assert len(gaps) == 1
    assert gaps[0].startswith("its encoding was guessed: ")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*ALL, *((language, "utf-8") for language in TEXTS)]), st.integers(0, 390), st.integers(10, 400))
def test_no_text_is_read_wrong_without_a_word(case: tuple[str, str], start: int, length: int) -> None:
    language, encoding = case
    data = TEXTS[language][start : start + length].encode(encoding, "ignore")
    assume(len(data) >= 20)  # two letters of KOI8 may be one of UTF-8
    try:
        text, gaps = decode(data)
    except Rejected:
        assert encoding != "utf-8"
        return
    assert text == data.decode(encoding) or gaps
    if encoding == "utf-8":
        assert (text, gaps) == (data.decode("utf-8"), ())


def test_guesses_of_a_stated_confidence_are_right_as_often_as_stated() -> None:
    chance = random.Random(5)
    sure = right = 0
    for _ in range(250):
        language, encoding = chance.choice([case for case in ALL if case[1] not in UNICODE])
        start = chance.randrange(len(TEXTS[language]))
        data = TEXTS[language][start : start + 80].encode(encoding, "ignore")
        try:
            text, gaps = decode(data)
        except Rejected:
            continue
        if gaps and ", confidence 0.9" in gaps[0]:
            sure += 1
            right += text == data.decode(encoding)
    assert sure > 120
    assert right / sure > 0.97


@pytest.mark.parametrize("language", ["French", "Czech", "Russian", "Japanese"])
def test_one_bad_byte_does_not_turn_utf8_into_something_else(language: str) -> None:
    text = TEXTS[language]
    middle = len(text) // 2
    data = text[:middle].encode() + b"\xe9\xff" + text[middle:].encode()
    read, gaps = decode(data)
    assert read.replace("\ufffd", "") == text
    lost = read.count("\ufffd")
    assert 1 <= lost <= 2
    assert gaps == (f"bytes that are not utf-8, shown as \ufffd: {lost}",)


def test_utf8_of_which_half_is_something_else_is_rejected() -> None:
    text = TEXTS["French"]
    assert reject(text.encode() + text.encode("cp1252")) == "its character encoding cannot be told"


@pytest.mark.parametrize("language", ["French", "Russian", "Arabic", "Japanese"])
def test_text_that_was_garbled_before_it_was_saved_is_told(language: str) -> None:
    text = TEXTS[language].encode().decode("cp1252", "ignore")
    read, gaps = decode(text.encode())
    assert read == text
    assert len(gaps) == 1
    assert gaps[0].startswith("its text was decoded wrongly before it was saved, such as in '")


def test_accents_symbols_and_quotes_of_sound_text_are_not_taken_for_garbled() -> None:
    for text in (*TEXTS.values(), "«À» “É” à « É » ½ Ã£o", "São João não está à “margem” – É “só” 20 °C ±½"):
        assert decode(text.encode()) == (text, ())


@pytest.mark.parametrize(
    ("text", "declared", "encoding"),
    [
        (TEXTS["French"], "iso-8859-1", "cp1252"),
        (TEXTS["French"], "macintosh", "mac-roman"),
        ("Café", "latin-1", "cp1252"),
        ("Привет", "windows-1251", "cp1251"),
        (TEXTS["Chinese"], "gb2312", "gb18030"),
        (TEXTS["Japanese"], "iso-2022-jp", "iso2022_jp"),
        (TEXTS["Chinese"], "hz-gb-2312", "hz"),
        ("Überfluß", "iso-8859-1", "utf-8"),
    ],
)
def test_what_a_file_declares_is_believed(text: str, declared: str, encoding: str) -> None:
    data = text.encode(encoding, "ignore")
    assert decode(data, declared) == (data.decode(encoding), ())


def test_what_a_file_declares_is_not_believed_where_it_reads_as_nonsense() -> None:
    text = TEXTS["Russian"]
    said = "it says that its encoding is cp1252, but it reads as windows-1251, confidence 0.99"
    assert decode(text.encode("cp1251"), "iso-8859-1") == (text, (said,))


@pytest.mark.parametrize(
    "declared", ["idna", "punycode", "rot13", "base64", "utf-7", "no such", "a\0b", "unicode_escape"]
)
def test_a_codec_that_is_no_character_set_is_not_used(declared: str) -> None:
    assert decode("Café".encode(), declared) == ("Café", ())
    assert decode(TEXTS["French"].encode("cp1252"), declared)[0] == TEXTS["French"]


def test_a_single_sign_in_an_english_text_is_read_as_the_web_does() -> None:
    text = "The price was £5, they said after the meeting on Tuesday. No other figure was named. " * 3
    for sign in ("£", "é", "’", "½", "°", "©", "ñ"):
        said = text.replace("£", sign)
        read, gaps = decode(said.encode("cp1252"))
        assert read == said
        assert gaps[0].startswith("its encoding was guessed: windows-1252, confidence 0.")


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE])
def test_noise_behind_a_mark_is_rejected(mark: bytes) -> None:
    noise = random.Random(1).randbytes(4000)
    assert reject(mark + noise) in ("it holds binary data, not text", "its character encoding cannot be told")


@pytest.mark.parametrize("size", [30, 300, 3000, 100_000])
def test_noise_is_rejected(size: int) -> None:
    chance = random.Random(size)
    for alphabet in (range(256), range(1, 256), range(128, 256)):
        data = bytes(chance.choice(alphabet) for _ in range(size))
        assert reject(data) in ("it holds binary data, not text", "its character encoding cannot be told")


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_text_or_rejected(data: bytes) -> None:
    assume(not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)))
    try:
        text, gaps = decode(data)
    except Rejected:
        return
    assert "\0" not in text
    assert text == data.decode("utf-8", "replace").removeprefix("\ufeff") or gaps


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_any_unicode_text_in_utf8_comes_back(text: str) -> None:
    assume(not text.startswith("\ufeff"))
    assert decode(text.encode())[0] == text


def test_the_sequences_of_a_terminal_are_no_japanese() -> None:
    text = "\x1b[31mred\x1b[0m and ~{x~} int a = ~b;"
    assert decode(text.encode()) == (text, ())


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("名前,年齢,住所\r\n佐藤太郎,30,東京\r\n三木英子,25,大阪\r\n髙橋淳,35,名古屋\r\n", "cp932"),
        ("名稱,數量\r\n臺北,30\r\n高雄,25\r\n花蓮縣政府,35\r\n", "big5"),
        ("姓名,年龄\r\n王小明,30\r\n欧阳锋,25\r\n广州市,35\r\n", "gb18030"),
        ("이름,나이\r\n김영희,30\r\n박철수,25\r\n", "cp949"),
        ("Имя;Город\r\nАнна;Москва\r\nОмар;Казань\r\n", "cp1251"),
    ],
)
def test_a_table_of_names_is_text_too(text: str, encoding: str) -> None:
    read, gaps = decode(text.encode(encoding))
    assert read == text
    assert gaps[0].startswith("its encoding was guessed: ")


def test_what_is_far_down_in_a_file_counts_too() -> None:
    text = "All is ASCII here.\n" * 20_000 + TEXTS["Czech"] + "\n"
    read, gaps = decode(text.encode("cp1250", "ignore"))
    assert read == text.encode("cp1250", "ignore").decode("cp1250")
    assert gaps[0].startswith("its encoding was guessed: windows-1250")
