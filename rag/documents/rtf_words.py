"""The control words of Rich Text Format that a reader of its text needs (Microsoft's specification 1.9.1)."""

from __future__ import annotations

CHARACTERS = {
    "bullet": "•", "emdash": "—", "endash": "–", "emspace": "\u2003", "enspace": "\u2002", "qmspace": "\u2005",
    "ldblquote": "“", "line": "\n", "lquote": "‘", "rdblquote": "”", "rquote": "’", "tab": "\t", "zwj": "\u200d",
    "zwnj": "\u200c", "ltrmark": "\u200e", "rtlmark": "\u200f", "lbr": "\n",
}  # fmt: skip
SIGNS = {"~": "\u00a0", "_": "\u2011", "\\": "\\", "{": "{", "}": "}"}
BREAKS = frozenset({"par", "sect", "page", "column"})

# Texts that stand beside the body, and the part that each becomes; a text box is read where it is anchored.
BESIDE = {
    "annotation": "comments", "footer": "footer", "footerf": "footer", "footerl": "footer", "footerr": "footer",
    "footnote": "footnotes", "header": "header", "headerf": "header", "headerl": "header", "headerr": "header",
    "shptxt": "", "dptxbxtext": "",
}  # fmt: skip
SAID = frozenset({"atnauthor", "author", "creatim", "fonttbl", "objdata", "revtim", "stylesheet", "title"})  # no text
SHOWN = frozenset({"fldrslt", "listtext", "pntext", "shpinst", "shppict", "ud", *BESIDE, *SAID})  # though starred
HIDDEN = frozenset(
    """aftncn aftnsep aftnsepc atndate atnicn atnid atnparent atnref atntime atrfend atrfstart background bkmkend
    bkmkstart category colorschememapping colortbl comment company datafield datastore defchp defpap doccomm docvar
    ebcend ebcstart factoidname falt fchars ffdeftext ffentrymcr ffexitmcr ffformat ffhelptext ffl ffname ffstattext
    file filetbl fldinst fldtype fname fontemb fontfile formfield ftncn ftnsep ftnsepc generator gridtbl hl hlinkbase
    htmltag keycode keywords latentstyles lchars levelnumbers leveltext lfolevel linkval listlevel listname
    listoverridetable listpicture liststylename listtable mailmerge manager mhtmltag mmathPr nesttableprops nextfile
    nonesttables nonshppict objalias objname objsect objtime oldcprops oldpprops oldsprops oldtprops oleclsid operator
    panose password passwordhash pgp pgptbl picprop pict pn pnseclvl pntxta pntxtb printim propname protend protstart
    protusertbl pxe revtbl rsidtbl rxe shprslt sp staticval subject svb tc template themedata txe upr userprops
    wgrffmtfilter windowcaption writereservation writereservhash xe xform xmlattrname xmlattrvalue xmlclose xmlname
    xmlnstbl xmlopen buptim blipuid""".split()
)

PAGES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
CHARSETS = {
    77: "mac_roman", 78: "shift_jis", 79: "euc_kr", 80: "gb2312", 81: "big5", 128: "cp932", 129: "cp949", 130: "johab",
    134: "gbk", 136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257",
    204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
