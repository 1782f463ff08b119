"""The words with which a household asks in English, by what they hint at (``scores``); small letters."""

from __future__ import annotations

from gateway.notices.chat.vocabulary import vocabulary

# As in French, concept by concept.
_CONCEPTS = {
    "energy": "electric* energy kwh kilowatt* power usage use used using uses consum* consumption consume consumed"
    " draw drew drawn drawing draws burn* wast* pull pulled pulling juice leccy current watts gobbl* guzzl* chew*"
    " units",
    "kwh": "kwh kilowatts kilowatthours kilowatthour",
    "drawing": "using drawing consuming pulling burning drawn drain draining guzzling gobbling draw pull",
    "used": "used consumed use",
    "money": "cost* bill bills billed euro euros € eur spend* spent pay* paid price* expensive dear owe owed owing"
    " damage invoice charged fork pricey setback",
    "cash": "money cash quid",
    "bill": "bill bills invoice damage owe owed",
    "price": "price prices cost costs pay paying paid worth expensive dear rate charged pricey",
    "kwhunit": "akwh",
    "perhour": "perhour",
    "power": "power watts watt kw kva load wattage",
    "trip": "trip* breaker fuse fuses blow",
    "subscribed": "subscribed subscription contract contracted kva subscribe",
    "limit": "limit limited overload overloading",
    "near": "near close headroom margin maximum percent percentage",
    "solar": "solar panel panels produc* generat* export* inject* pv sold sell selling photovolt* selfconsumption"
    " surplus feedin",
    "grid": "togrid",
    "sun": "sun sunshine roof rooftop",
    "offpeak": "offpeak peakhours",
    "cheap": "cheap cheaper cheapest nightrate reduced",
    "tariff": "tariff tariffs rate rates hours period band",
    "run": "run* start* charg* put putting launch* plug* wait do doing use using cook wash switch turn",
    "chore": "machine dishwasher laundry washing washer dryer tumble car ev boiler oven wash vehicle heater drier"
    " dishes",
    "colour": "tempo colour color colours colors",
    "tempo": "tempo",
    "red": "red white blue",
    "goal": "goal goals budget target targets objective objectives ontrack",
    "water": "water litre litres liter liters",
    "gas": "gas",
    "heat": "heat",
    "average": "average averages mean perday daily typical averaging",
    "most": "most highest worst biggest heaviest record",
    "dayword": "whichday highestday day",
    "topday": "topday",
    "max": "max maximum highest peak peaks topped peaked spike spikes spiked biggest maxed",
    "highest": "high highest went top",
    "compare": "morethan compar* usual difference versus vs upon gone risen increas* decreas* rise fallen drop"
    " dropped moreorless asmuchas trend better worse above below relative normally against",
    "standby": "baseload standby background phantom vampire baseline ghost",
    "asleep": "asleep sleep* idle everythingoff resting quiet",
    "night": "night nights overnight",
    "index": "reading readings index register registers",
    "meter": "meter linky",
    "says": "say says show shows showing stand stands display displays number figure read reads counter",
    "fault": "alert alerts problem problems issue issues wrong fault faults faulty error errors broken trouble worry"
    " alarm alarms warnings offline down outage disconnected bug bugs odd strange weird unwell dead failing failed"
    " amiss",
    "works": "works working work online alright connected running healthy alive respond* answering state status"
    " order properly correctly heard talking allgood reachable functioning normal operational read",
    "fine": "ok okay fine right well good",
    "silent": "nonews nodata",
    "lastread": "lastreading",
    "box": "box gateway system device thing installation app",
    "all": "everything all anything it things thing something",
    "days": "day days",
    "data": "data figures readings reading info information numbers curve details history",
    "see": "see sees seen seeing get gets getting read reads receiv* access* watch* look looks looking send* sent"
    " shar* spy* spying view* collect* pass passed reach leave leaves",
    "know": "know knows",
    "may": "moment time can should may wait shall better best good ok could",
    "go": "go goes going leave leaves leaving sent end ends stored stay stays kept private safe sold passed",
    "who": "who whom anyone anybody someone somebody everyone else others people anywhere",
    "party": "coop edf enedis town hall company neighbours neighbors neighbour neighbor internet supplier recipient"
    " recipients council them landlord outside third provider installer grid operator cooperative",
    "recipient": "recipient recipients consent consents",
    "share": "shar* share shared sharing shares recipient recipients consent consents permission permissions",
    "request": "request requests requested asked asking",
    "waiting": "pending waiting new open outstanding",
    "install": "install*",
    "message": "email mail text message sms",
    "stop": "stop* withdraw* revok* cancel* block* end remov* cut disabl* suspend* refus* accept* allow* approv*"
    " reject* pause deny denied nolonger unshare takeaway delete erase ban decline grant",
    "delete": "delet* eras* wip* purge clear*",
    "warn": "warn* alert notif* ping letmeknow tellme notice notices notification notifications",
    "cond": "if when once whenever soon before",
    "setting": "set setting change raise lower adjust define configure setup choose enter edit add fix modify put"
    " update",
    "settable": "limit goal budget target alert alerts cap objective notification notifications threshold notices"
    " warnings prices",
    "offer": "option tariff tariffs tempo offer offers supplier contract plan plans contracts options base provider"
    " deal deals",
    "gain": "best save saves saving cheaper better worth gain benefit benefits advantage profitable money savings suit"
    " suits suited",
    "different": "other another different switch* change changing",
    "another": "switch* chang* on with other another without had were go going move moved different us",
    "forecast": "estimat* project* forecast* expect* predict*",
    "send": "send* sent shar* pass passing",
    "give": "give giving",
    "backup": "backup backups backedup",
    "update": "update updates version uptodate updated firmware release upgrade",
    "page": "page site website webpage link url address app graphs graph charts chart dashboard screen",
    "where": "address link url where find open reach get see how access",
    "hello": "hello hi hey goodday morning evening hiya howdy greetings hallo",
    "thanks": "thanks thank cheers ta thankyou",
    "nice": "niceday much lot very great perfect so bunch lovely brilliant many ok super awesome kind nice appreciated",
    "help": "help commands command instructions manual",
    "question": "questions question",
    "ability": "can do ask know answer tell capable able understand questions work works help things use",
    "you": "you your i",
    "what": "what which kind sort kinds sorts",
    "person": "wife husband daughter son kids kid children child mother father mum mom dad parents partner"
    " girlfriend boyfriend sister brother grandmother grandfather gran grandma grandpa neighbour flatmate flatmates"
    " friend friends landlord tenant tenants family",
    "howmuch": "howmuch total totals amount figure figures summary split kwh overall",
    "when": "when whattime until till next start starts begin begins end ends",
    "how": "how",
    "now": "now currently rightnow current live instant instantaneous presently",
    "tomorrow": "tomorrow tomorrows",
    "later": "tomorrow next morning noon afternoon evening tonight night clock midnight future coming",
    "weather": "cold colder warm warmer hot hotter",
    "season": "summer winter spring autumn christmas holidays holiday easter march",
    "neg": "not t no don longer never stop",
    "or": "or",
    "and": "and",
    "article": "a an the of my our this that for his her your",
    "electric": "electric* kwh power leccy",
    "status": "state status online allgood connected alive works working respond*",
    "thing": "phone machine dishwasher laundry washer washing dryer tumble car ev boiler oven fridge freezer heating"
    " heater tv television radiator radiators thermostat aircon kettle pool lamp lamps light lights computer"
    " appliance appliances device battery batteries wifi iron microwave hob cooker pump jacuzzi router console"
    " vehicle bike scooter kitchen bedroom lounge garage door window windows wash hoover vacuum drier toaster plug"
    " socket charger",
    "others": "neighbour neighbours neighbor neighbors nextdoor theirs othersown",
    "without": "without except* exclud* excl ex only outside minus apart other until till just vat weekdays weekday"
    " pm by tax ago onlythat",
    "around": "between before after",
    "since": "since",
    "why": "why",
    "advice": "reduce lower cut save improve",
    "future": "will ll willdo",
    "else": "weather rain snow joke jokes music song pizza match film movie recipe petrol diesel postman book table"
    " letter love capital score football taxi flight password glasses pets cat dog temperature degrees buy"
    " coffee plants plant flowers garden bread shopping news birthday ejp leak parcel opening fox",
}
_PLAIN = (
    "about across actually ah almost already also altogether am amp any apartment approximately april are around as "
    "asap asks at august away back bad be been being big bit both broke building but came check cloud clouds cloudy "
    "come cottage couldn cubic curious d december despite detail detailed did didn does doesn done during each easily "
    "either electrician er even ever every everybody exact exactly explain far february first flat folks "
    "forgot friday from full further gap gave gimme given gives got gotten grey guess guys ha happened happening has "
    "hasn have haven having he heavy here him hm home hope hour house household im in interested into is ish isn its "
    "itself january july june keep keeps kick kicks known last lately latest least left less let level like likely "
    "little ll long looked lots m m3 made make makes manage managed mate me means meters metres mind mine minutes "
    "moment monday month months more must myself need needs november october off often oh one ones ours ourselves out "
    "over own part past per perhaps place please pls plus plz possible precise previous quick quickly quite rather re "
    "real really recently reckon reckoned reckons remain remaining remains remember remind roughly s said same "
    "saturday season seem seems september she showed shown some sorry speaking spite still such sum sunday sunny "
    "switched take taken terms than their then there these they think those though through thursday time times to "
    "today together too took toward towards try trying tuesday turned two um under up ve via wanna want wanted wants "
    "was wasn way we wednesday week weekend weeks whats whether while whole will wise wish won wonder wondered "
    "wondering would wouldn y yeah year years yes yesterday yet yo yours yourself teach learn"
)
_HURRIED = {
    "2day": "today", "2moro": "tomorrow", "tmrw": "tomorrow", "tmr": "tomorrow", "tomoz": "tomorrow",
    "tmro": "tomorrow", "yday": "yesterday", "yest": "yesterday", "ystd": "yesterday", "rn": "right now",
    "thx": "thanks", "tx": "thanks", "ty": "thanks", "tnx": "thanks", "hiya": "hi", "heya": "hi", "jan": "january",
    "feb": "february", "apr": "april", "aug": "august", "sept": "september", "sep": "september", "oct": "october",
    "nov": "november", "dec": "december", "mon": "monday", "tue": "tuesday", "tues": "tuesday", "wed": "wednesday",
    "thu": "thursday", "thurs": "thursday", "fri": "friday", "u": "you", "ur": "your", "r": "are", "hrs": "hours",
    "elec": "electricity", "leccy": "electricity", "lecky": "electricity", "electric": "electricity", "dont": "don t",
    "cant": "can t", "wheres": "where is", "hows": "how is", "whens": "when is", "whos": "who is", "wats": "what is",
    "wat": "what", "wot": "what", "whats": "what is", "im": "i am", "weve": "we have", "ive": "i have", "its": "it is",
    "isnt": "isn t", "offpeak": "off peak", "pk": "peak", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "ten": "10", "fifteen": "15", "thirty": "30", "w": "watts", "abt": "about",
    "pls": "please", "plz": "please", "gonna": "going to", "wk": "week", "wkend": "weekend", "mth": "month",
    "yr": "year", "hw": "how", "mch": "much", "shud": "should", "consump": "consumption", "ppl": "people",
    "thats": "that s", "mo": "moment", "bc": "because", "cos": "because", "lol": "", "mr": "", "euro": "euros",
}  # fmt: skip
_IDIOMS = (
    (r"what is an? (?!(?:\w+ )?(?:cost|worth))\w+(?: mean)?$|what does \w+ (?:mean|stand for)|meaning of", "weather"),
    (r"good (?:morning|evening|afternoon|day|night)(?= to you)?", "hello"),
    (r"(?:good|nice|great|lovely) (?:weekend|day|evening|week|one)", "niceday"),
    (r"(?:you are|you re|that s|that is)? ?(?:very )?(?:kind|helpful)", "nice"),
    (r"off ?peak(?: hours?| time| period| rate| tariff)?|cheap (?:rate|hours?|time|period|electricity|tariff)"
     r"|low(?:er)? rate|peak (?:hours?|times?|rates?|period|tariff)|(?:full|peak) (?:and|or|rate|/) off ?peak",
     "offpeak"),
    (r"night (?:rate|tariff)|economy rate", "nightrate"),
    (r"(?:have ?n ?t|have not|not|nothing) heard (?:anything )?(?:from|of)", "nonews"),
    (r"going to (?=cost|pay|use|spend|be\b)", "willdo "),
    (r"(?:right now|at (?:the|this) (?:very )?(?:moment|minute|second|instant)|at the minute|at present"
     r"|this (?:very )?(?:second|minute"
     r"|instant|moment)|just now|as we speak)", "rightnow"),
    (r"(?:per|an?|one|each|the|every) (?:kwh|kilowatt ?(?:hours?)?|unit)", "akwh"),
    (r"(?:per|an?|one|each) offpeak kwh", "akwh offpeak"),
    (r"elsewhere", "other offer"),
    (r"(?:back to|on|in|at|to) peak(?! power| demand| load| use| usage)", "offpeak"),
    (r"how high", "peak"),
    (r"kilowatt hours?", "kwh"),
    (r"(?:per|each|every|an|one) hour|hourly", "perhour"),
    (r"(?:per|a|each|every) day", "perday"),
    (r"on track", "ontrack"),
    (r"self (?:consum\w+|use|used|sufficien\w+)", "selfconsumption"),
    (r"(?:in)?to the grid|onto the grid|(?:sell|sold|selling) back|feed in|from the sun|the sun (?:give|gave|make"
     r"|made)",
     "togrid"),
    (r"base ?load", "baseload"),
    (r"stand ?by", "standby"),
    (r"(?:everything|all|lights) (?:\w+ ){0,3}(?:off|out)|nothing (?:\w+ ){0,2}(?:on|running)|(?:when"
     r"|while) (?:\w+ ){1,3}(?:asleep|sleep\w*"
     r"|away"
     r"|out|bed)|no ?one is home", "everythingoff"),
    (r"(?:meter )?(?:last|latest) (?:reading|read|measurement|data|message|values?|readings)"
     r"(?=.* (?:when|meter|from)|.*$)(?<!usage)", "lastreading"),
    (r"(?:last|latest)(?= (?:hear|heard|get|got|read|receive|received|see|saw|time))", "lastreading"),
    (r"(?:everything|all|things) (?:\w+ )?(?:ok|okay|fine|good|well|right|alright)"
     r"|(?:is it|it is|it s|are you|you) (?:all )?(?:ok|okay|fine|alright)", "allgood"),
    (r"(?:get|getting|got|gone|go|went|come|came) through", "used"),
    (r"next (?:tenant|owner)", "tenant"),
    (r"no longer|any ?more|any longer", "nolonger"),
    (r"(?:take|taking) away", "takeaway"),
    (r"backed up|back up", "backup"),
    (r"up to date", "uptodate"),
    (r"co op(?:erative)?", "coop"),
    (r"let (?:me|us) know|tell (?:me|us)(?= (?:if|when|as soon|once))", "letmeknow"),
    (r"set up", "setup"),
    (r"(?:more|less|better|worse|higher|lower|cheaper|greater|fewer)(?= (?:\w+ ){0,5}than\b)", "morethan"),
    (r"as much(?= (?:\w+ ){0,3}as\b)", "asmuchas"),
    (r"more or less|less or more", "moreorless"),
    (r"(?:gone|going|went|go) (?:up|down)|up on|down on", "gone"),
    (r"(?:which|what)(?: was| is)?(?: the| my| our)? day(?= .*\b(?:most|highest|worst|biggest|maximum|record)\b)"
     r"|which weekday", "whichday most"),
    (r"(?:most|highest|worst|biggest|heaviest) (?:(?!expensive|costly)\w+ )?day", "topday"),
    (r"(?:what|which) time|what hour|which hour", "whattime"),
    (r"what (?:\w+ ){0,2}are you for", "help"),
    (r"how (?:many|much) (?:hours|times|people|minutes|persons|of us)|(?:been|is|was|already) paid|what is tempo$"
     r"|what (?:is|are) (?:the )?[a-z ]{3,20} for$", "weather"),
    (r"how much|how many", "howmuch"),
    (r"how long", "whattime"),
    (r"set (?:us|me) back|come to|came to|add up to", "cost"),
    (r"hot water(?: tank| heater)?|water heater|washing machine|tumble dryer", "boiler"),
    (r"heat pump", "boiler"),
    (r"(?:gas|next) bill|bill next", "bill"),
    (r"next door", "nextdoor"),
    (r"(?:my|our|the) (?:neighbou?r|mother|father|mum|mom|dad|sister|brother|son|daughter|gran|parent|friend)s?"
     r"(?: in law)? s(?= )", "nextdoor"),
    (r"(?:per|a|each|every|by) (?:week|month|year)(?! ago)", "by"),
    (r"\d{1,2} ?[ap]m", "pm"),
    (r"(?:what s|what is|how is) the (?:time|weather)|what time is it", "weather"),
    (r"between (?=offpeak)", ""),
    (r"(?:what|where) (?:are|were) we at", "howmuch"),
    (r"(?:being|getting) read", "respond"),
    (r"what (?:is|s) (?:still )?(?:on|running|going) (?:at night|overnight|all night)", "standby"),
    (r"^(?:morning|evening|afternoon)(?= (?:what|how|can|could|is|are|do|did|have|has|any|all|there|linky)\b|$)",
     "hello"),
    (r"(?:a|another) (?:brand )?new (?!version|update|release|software|offer|contract|plan|tariff|supplier)\w+",
     "weather"),
    (r"(did (?:\w+ ){1,3})(?:overnight|in the night|during the night)", r"\1last night"),
    (r"(?:the )?empty house|(?:house|flat) is empty|always on|no ?one is (?:home|in)", "everythingoff"),
    (r"(?:be|get|being) told", "notify"),
    (r"per (?:person|head|room|appliance)", "by"),
    (r"(?:had|got|received|heard) (?:anything|something|any data|data|any news)", "lastreading"),
    (r"have you got|do you have", "have"),
    (r"are you (?:still )?(?:there|here|up|awake)|you there", "online"),
    (r"how (?:do|does) (?:this|it|you|that) work", "instructions"),
    (r"help (?:me |us )?(?:with|to)", "weather"),
)  # fmt: skip
_DEEDS = (
    r"pay|switch|turn|change|call|order|book|buy|play|charge|start|stop|cut|raise|lower|increase|reduce|open|close|lock"
    r"|cancel|e?mail|text|phone|ring|sing|boil|heat|cook|dim|power (?:off|down|up|on)|shut|disable|enable|activate"
    r"|restart"
    r"|reboot|upgrade|install|move|sign|translate|set|put|run|make|refund|write|send (?:an?|the) |contact|complain"
    r"|fix|find (?:me|us)|get (?:me|us) an?"
)
_ORDERS = (
    r"(?:^|\b(?:can|could|would|will|won t|wouldn t) you |\byou (?:can|could|to) |\bplease |\b(?:want|like) (?:you )?to"
    r" )(?:(?:hello|hi|hey|ok|okay|so|and|please|just|now|then|also|go and|kindly) )*"
    rf"(?:{_DEEDS})\b"
)
ENGLISH = vocabulary(
    _CONCEPTS,
    _PLAIN,
    _HURRIED,
    _IDIOMS,
    r"(?!)",
    _ORDERS,
)
