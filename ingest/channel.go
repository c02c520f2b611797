package ingest

import "strings"

// The channels; reports show these names.
const (
	chCrossNetwork    = "Cross-network"
	chPaidShopping    = "Paid Shopping"
	chPaidSearch      = "Paid Search"
	chPaidSocial      = "Paid Social"
	chPaidVideo       = "Paid Video"
	chDisplay         = "Display"
	chPaidOther       = "Paid Other"
	chOrganicShopping = "Organic Shopping"
	chOrganicSocial   = "Organic Social"
	chOrganicVideo    = "Organic Video"
	chAI              = "AI Assistants"
	chOrganicSearch   = "Organic Search"
	chEmail           = "Email"
	chAffiliates      = "Affiliates"
	chAudio           = "Audio"
	chSMS             = "SMS"
	chMobilePush      = "Mobile Push"
	chReferral        = "Referral"
	chDirect          = "Direct"
)

// arrival is what the rules look at; medium and campaign are lower case.
type arrival struct {
	source           source
	medium, campaign string
	click            string // which click id was present
	utmSource        string // lower case
}

// channel applies the 19 rules of the definitions; the first that matches wins. The order is
// part of the definition: paidMedium matches "cpm", so Display (rule 6) only gets it because
// no rule above does.
func (a *arrival) channel() string {
	paid, shop := paidMedium(a.medium), shoppingCampaign(a.campaign)
	category := a.source.category
	switch {
	case strings.Contains(a.campaign, "cross-network"):
		return chCrossNetwork
	case (category == catShopping || shop) && paid:
		return chPaidShopping
	case category == catSearch && paid,
		a.source.name == "Google" && a.click == "gclid",
		a.source.name == "Bing" && a.click == "msclkid":
		return chPaidSearch
	case category == catSocial && (paid || a.source.paid):
		return chPaidSocial
	case category == catVideo && paid:
		return chPaidVideo
	case oneOf(a.medium, "display", "banner", "expandable", "interstitial", "cpm"):
		return chDisplay
	case paid:
		return chPaidOther
	}
	return a.organicChannel(shop)
}

func (a *arrival) organicChannel(shop bool) string {
	category := a.source.category
	switch {
	case category == catShopping || shop:
		return chOrganicShopping
	case category == catSocial || oneOf(a.medium, "social", "social-network", "social-media", "social network", "social media", "sm"):
		return chOrganicSocial
	case category == catVideo || strings.Contains(a.medium, "video"):
		return chOrganicVideo
	case category == catAI:
		return chAI
	case category == catSearch || a.medium == "organic":
		return chOrganicSearch
	case category == catEmail || oneOf(a.medium, emailNames...) || oneOf(a.utmSource, emailNames...):
		return chEmail
	case oneOf(a.medium, "affiliate", "affiliates"):
		return chAffiliates
	case a.medium == "audio":
		return chAudio
	case a.medium == "sms" || a.utmSource == "sms":
		return chSMS
	case strings.HasSuffix(a.medium, "push") || strings.Contains(a.medium, "mobile") ||
		strings.Contains(a.medium, "notification") || a.utmSource == "firebase":
		return chMobilePush
	case !a.source.direct() || oneOf(a.medium, "referral", "app", "link"):
		return chReferral
	}
	return chDirect
}

var emailNames = []string{"email", "e-mail", "e_mail", "e mail", "newsletter"}

func oneOf(s string, names ...string) bool {
	for _, n := range names {
		if s == n {
			return true
		}
	}
	return false
}

// paidMedium is ^(.*cp.*|ppc|retargeting|paid.*)$.
func paidMedium(m string) bool {
	return strings.Contains(m, "cp") || m == "ppc" || m == "retargeting" || strings.HasPrefix(m, "paid")
}

// shoppingCampaign is ^(.*(([^a-df-z]|^)shop|shopping).*)$: "shop" at the start or behind
// anything but a letter other than e (eshop counts, workshop does not), or "shopping".
func shoppingCampaign(c string) bool {
	if strings.Contains(c, "shopping") {
		return true
	}
	for from := 0; ; {
		i := strings.Index(c[from:], "shop")
		if i < 0 {
			return false
		}
		i += from
		if i == 0 || c[i-1] == 'e' || c[i-1] < 'a' || c[i-1] > 'z' {
			return true
		}
		from = i + 1
	}
}
