package ingest

// knownSources is read by newSourceTable.
const knownSources = `
Google|search|google.* googleadservices.com googlesyndication.com doubleclick.net com.google.android.googlequicksearchbox android-app://com.google.android.googlequicksearchbox|google.com google-ads$ googleads$ google_ads$ adwords$ google-search
Bing|search|bing.* cn.bing.com|bing-ads$ bingads$ microsoft-ads$ adcenter$
DuckDuckGo|search|duckduckgo.com html.duckduckgo.com lite.duckduckgo.com ddg.gg start.duckduckgo.com|ddg
Yahoo!|search|yahoo.* search.yahoo.com search.yahoo.co.jp|yahoo
Yandex|search|yandex.* ya.ru yandex.com.tr|yandex-ads$ yandex.direct$
Baidu|search|baidu.com m.baidu.com|
Ecosia|search|ecosia.org|
Brave Search|search|search.brave.com|brave
Startpage|search|startpage.com startpage.nl|
Qwant|search|qwant.com lite.qwant.com|
Kagi|search|kagi.com|
Naver|search|naver.com search.naver.com m.search.naver.com|
Daum|search|daum.net search.daum.net|
Seznam|search|seznam.cz search.seznam.cz|
Sogou|search|sogou.com m.sogou.com|
360 Search|search|so.com m.so.com|360.cn
Shenma|search|sm.cn m.sm.cn|
Petal Search|search|petalsearch.com|
Mojeek|search|mojeek.com|
SearXNG|search|searx.be searx.me searx.tiekoetter.com search.disroot.org|searx
Swisscows|search|swisscows.com|
MetaGer|search|metager.de metager.org|
Ask|search|ask.com|
AOL|search|aol.com search.aol.com|
Lycos|search|lycos.com search.lycos.com|
Dogpile|search|dogpile.com|
Excite|search|excite.com|
InfoSpace|search|infospace.com|
WebCrawler|search|webcrawler.com|
MSN|search|msn.com|
AltaVista|search|altavista.com|
AlltheWeb|search|alltheweb.com|
goo|search|goo.ne.jp search.goo.ne.jp|
Rambler|search|rambler.ru nova.rambler.ru|
Mail.ru Search|search|go.mail.ru|
Onet|search|onet.pl szukaj.onet.pl|
Virgilio|search|virgilio.it|
T-Online|search|t-online.de suche.t-online.de|
WEB.DE|search|suche.web.de|
GMX Search|search|suche.gmx.net|
Gibiru|search|gibiru.com|
Presearch|search|presearch.com presearch.org|
You|ai|you.com|
Sputnik|search|sputnik.ru|
Centrum|search|centrum.cz|
Najdi.si|search|najdi.si|
Walla|search|walla.co.il|
Conduit|search|search.conduit.com|
Babylon|search|search.babylon.com|
AVG Search|search|search.avg.com isearch.avg.com|
Incredimail|search|search.incredimail.com|
Norton Safe Search|search|nortonsafe.search.ask.com safesearch.norton.com|
Facebook|social|facebook.com m.facebook.com l.facebook.com lm.facebook.com fb.com fb.me fb.gg touch.facebook.com facebook.co android-app://com.facebook.katana com.facebook.katana|fb facebook.com meta facebook-ads$ fb-ads$ facebookads$ facebook_ads$ fbads$ meta-ads$ an$
Instagram|social|instagram.com l.instagram.com lm.instagram.com ig.me android-app://com.instagram.android|ig$ instagram-ads$ instagramads$ instagram_ads$ insta
Messenger|social|messenger.com l.messenger.com m.me|
Threads|social|threads.net threads.com l.threads.net l.threads.com|
X|social|x.com twitter.com t.co mobile.twitter.com android-app://com.twitter.android|twitter tw twitter-ads$ x-ads$ twitterads$
LinkedIn|social|linkedin.com lnkd.in android-app://com.linkedin.android|li linkedin-ads$ linkedinads$ linkedin_ads$
Reddit|social|reddit.com old.reddit.com out.reddit.com redd.it com.reddit.frontpage android-app://com.reddit.frontpage|reddit-ads$ redditads$
Pinterest|social|pinterest.* pin.it|pinterest-ads$
Tumblr|social|tumblr.com t.umblr.com|
Hacker News|social|news.ycombinator.com hckrnews.com hn.algolia.com hackerweb.app|hackernews hn hacker-news
Lobsters|social|lobste.rs|
Product Hunt|social|producthunt.com|producthunt product-hunt
Indie Hackers|social|indiehackers.com|indiehackers
Mastodon|social|mastodon.social mastodon.online mas.to fosstodon.org hachyderm.io mstdn.social infosec.exchange chaos.social|
Bluesky|social|bsky.app go.bsky.app staging.bsky.app|bsky
Lemmy|social|lemmy.world lemmy.ml|
Snapchat|social|snapchat.com|snapchat-ads$
Quora|social|quora.com|quora-ads$
Medium|social|medium.com|
Substack|social|substack.com|
DEV|social|dev.to|dev.to
Slashdot|social|slashdot.org|
Digg|social|digg.com|
StumbleUpon|social|stumbleupon.com|
Delicious|social|delicious.com del.icio.us|
Flipboard|social|flipboard.com|
Pocket|social|getpocket.com|
Instapaper|social|instapaper.com|
VK|social|vk.com m.vk.com away.vk.com vk.ru vkontakte.ru|vkontakte
Odnoklassniki|social|ok.ru odnoklassniki.ru|
Weibo|social|weibo.com weibo.cn t.cn|
Douban|social|douban.com|
Zhihu|social|zhihu.com link.zhihu.com|
Xiaohongshu|social|xiaohongshu.com|
WeChat|social|weixin.qq.com mp.weixin.qq.com wechat.com|weixin
Qzone|social|qzone.qq.com|
LINE|social|line.me|
KakaoTalk|social|kakao.com story.kakao.com|kakao
WhatsApp|social|whatsapp.com web.whatsapp.com wa.me api.whatsapp.com android-app://com.whatsapp|
Telegram|social|t.me telegram.org web.telegram.org telegram.me android-app://org.telegram.messenger org.telegram.messenger|tg
Discord|social|discord.com discordapp.com discord.gg ptb.discord.com|
Slack|social|slack.com slack-redir.net app.slack.com android-app://com.slack|
Microsoft Teams|social|teams.microsoft.com statics.teams.cdn.office.net teams.live.com|teams
Viber|social|viber.com|
Skype|social|skype.com web.skype.com|
Nextdoor|social|nextdoor.com|
Xing|social|xing.com|
Meetup|social|meetup.com|
MySpace|social|myspace.com|
Plurk|social|plurk.com|
Hatena|social|hatena.ne.jp b.hatena.ne.jp|
Ameba|social|ameblo.jp ameba.jp|
LiveJournal|social|livejournal.com|
Buffer|social|buffer.com buff.ly|
Hootsuite|social|hootsuite.com ow.ly|
Linktree|social|linktr.ee|
Goodreads|social|goodreads.com|
Gab|social|gab.com|
Stack Overflow|social|stackoverflow.com|stackoverflow
Stack Exchange|social|stackexchange.com superuser.com serverfault.com askubuntu.com mathoverflow.net|
Disqus|social|disqus.com|
Glassdoor|social|glassdoor.com|
Tripadvisor|social|tripadvisor.*|
Yelp|social|yelp.*|
Wattpad|social|wattpad.com|
DeviantArt|social|deviantart.com|
Flickr|social|flickr.com|
Behance|social|behance.net|
Dribbble|social|dribbble.com|
Wikipedia||wikipedia.org|
GitHub||github.com gist.github.com|
GitLab||gitlab.com|
Bitbucket||bitbucket.org|
Feedly||feedly.com|
Inoreader||inoreader.com|
NewsBlur||newsblur.com|
Netvibes||netvibes.com|
Google News||news.google.com|
Google Translate||translate.google.com translate.googleusercontent.com|
Google Docs||docs.google.com drive.google.com|
Google Classroom||classroom.google.com|
Google Groups||groups.google.com|
Google Play||play.google.com|
Apple App Store||apps.apple.com itunes.apple.com|
Notion||notion.so notion.site|
Trello||trello.com|
Jira||atlassian.net|
YouTube|video|youtube.com m.youtube.com youtu.be youtube-nocookie.com gaming.youtube.com music.youtube.com|yt youtube-ads$ youtubeads$
Vimeo|video|vimeo.com player.vimeo.com|
TikTok|social|tiktok.com vm.tiktok.com vt.tiktok.com|tiktok-ads$ tiktokads$ tiktok_ads$
Twitch|video|twitch.tv m.twitch.tv|
Dailymotion|video|dailymotion.com dai.ly|
Bilibili|video|bilibili.com b23.tv|
Douyin|video|douyin.com|
Kuaishou|video|kuaishou.com|
Youku|video|youku.com|
iQIYI|video|iqiyi.com|
Rumble|video|rumble.com|
Odysee|video|odysee.com|
PeerTube|video|peertube.tv joinpeertube.org|
Kick|video|kick.com|
Niconico|video|nicovideo.jp|
Rutube|video|rutube.ru|
Wistia|video|wistia.com|
Netflix|video|netflix.com|
Hulu|video|hulu.com|
Disney+|video|disneyplus.com|
Crunchyroll|video|crunchyroll.com|
TED|video|ted.com|
Amazon|shopping|amazon.* amzn.to a.co|amazon-ads$ amazonads$
eBay|shopping|ebay.* ebay.us|
Etsy|shopping|etsy.com|
AliExpress|shopping|aliexpress.* s.click.aliexpress.com|
Alibaba|shopping|alibaba.com|
Taobao|shopping|taobao.com|
Tmall|shopping|tmall.com|
JD.com|shopping|jd.com|
Temu|shopping|temu.com|
SHEIN|shopping|shein.*|
Walmart|shopping|walmart.*|
Target|shopping|target.com|
Best Buy|shopping|bestbuy.com|
Shopify|shopping|shopify.com myshopify.com shop.app|
Rakuten|shopping|rakuten.* rakuten.co.jp|
Mercado Libre|shopping|mercadolibre.* mercadolivre.com.br|
Shopee|shopping|shopee.*|
Lazada|shopping|lazada.*|
Flipkart|shopping|flipkart.com|
Zalando|shopping|zalando.*|
OTTO|shopping|otto.de|
idealo|shopping|idealo.*|
Kleinanzeigen|shopping|kleinanzeigen.de|
Allegro|shopping|allegro.pl|
Ozon|shopping|ozon.ru|
Wildberries|shopping|wildberries.ru|
Wayfair|shopping|wayfair.com|
Google Shopping|shopping|shopping.google.com|google-shopping googleshopping google_shopping
PriceGrabber|shopping|pricegrabber.com|
Shopzilla|shopping|shopzilla.com|
Craigslist|shopping|craigslist.org|
Slickdeals|shopping|slickdeals.net|
mydealz|shopping|mydealz.de|
ChatGPT|ai|chatgpt.com chat.openai.com openai.com|chatgpt.com openai chat-gpt
Claude|ai|claude.ai claude.com|claude.ai anthropic
Copilot|ai|copilot.microsoft.com copilot.cloud.microsoft copilot.com m365.cloud.microsoft|microsoft-copilot
Gemini|ai|gemini.google.com bard.google.com|google-gemini bard
NotebookLM|ai|notebooklm.google.com|
Perplexity|ai|perplexity.ai pplx.ai|perplexity.ai
Grok|ai|grok.com x.ai|
Le Chat|ai|chat.mistral.ai mistral.ai|mistral lechat
DeepSeek|ai|deepseek.com chat.deepseek.com|
Meta AI|ai|meta.ai|meta-ai
Duck.ai|ai|duck.ai|
Poe|ai|poe.com|
Phind|ai|phind.com|
Kimi|ai|kimi.com kimi.moonshot.cn kimi.ai|
Qwen|ai|chat.qwen.ai qwen.ai tongyi.aliyun.com|
Doubao|ai|doubao.com|
ERNIE Bot|ai|yiyan.baidu.com|
Character.AI|ai|character.ai|
HuggingChat|ai|huggingface.co|
Andi|ai|andisearch.com|
iAsk|ai|iask.ai|
Pi|ai|pi.ai|
Lumo|ai|lumo.proton.me|
Gmail|email|mail.google.com android-app://com.google.android.gm com.google.android.gm|
Outlook|email|outlook.live.com outlook.office.com outlook.office365.com outlook.com hotmail.com mail.live.com|hotmail
Yahoo! Mail|email|mail.yahoo.com mail.yahoo.co.jp|
Proton Mail|email|mail.proton.me mail.protonmail.com protonmail.com|protonmail
Fastmail|email|fastmail.com app.fastmail.com|
GMX|email|gmx.net gmx.de gmx.com navigator.gmx.net|
WEB.DE Mail|email|web.de navigator.web.de|
Mail.ru|email|mail.ru e.mail.ru|
Yandex Mail|email|mail.yandex.ru mail.yandex.com|
iCloud Mail|email|icloud.com|
Zoho Mail|email|mail.zoho.com zoho.com|
AOL Mail|email|mail.aol.com|
HEY|email|app.hey.com hey.com|
Orange Mail|email|mail.orange.fr webmail.orange.fr|
Free Webmail|email|webmail.free.fr|
QQ Mail|email|mail.qq.com|
163 Mail|email|mail.163.com|
Mailchimp|email|mailchimp.com campaign-archive.com list-manage.com|
Brevo|email|sendibm1.com brevo.com sendinblue.com|sendinblue
Klaviyo|email|klaviyo.com|
beehiiv|email|beehiiv.com|
ConvertKit|email|convertkit.com kit.com|
Buttondown|email|buttondown.email buttondown.com|
`
