// hk-ext.js: the events nobody has to write code for: clicks on outbound links and downloads,
// submitted forms, and elements that name an event (data-hk-event, data-hk-prop-*). hk.js loads
// it. It sends through hk() only, so that all that hk.js promises holds here too. No text of a
// page, no field of a form and no query string is read.

{
  let hk = (self as any).hk
  let o: DOMStringMap = (hk && hk.o) || { site: '' }
  let event = (name: string, props: object) => hk('event', name, { props })
  let on = (part: string) => !(`disable${part}Tracking` in o)

  /** A subdomain of the site is no outbound link; which host is the site's own only data-site says. */
  let inside = (host: string) => host == location.hostname || (o.site && ('.' + host).endsWith('.' + o.site))

  let act = (e: Event) => {
    // Right clicks open a menu, not a link. (A submit event has no button.)
    if ((e as MouseEvent).button > 1) return
    let form = e.type == 'submit'
    // The path, unlike closest(), also leads out of shadow trees.
    let find = (selector: string) =>
      (e.composedPath() as Element[]).find((node) => node.matches && node.matches(selector))

    // A form's event is its submission, any other element's its click.
    let named = find(form ? 'form[data-hk-event]' : '[data-hk-event]:not(form)') as HTMLElement | undefined
    if (named) {
      let props: Record<string, string> = {}
      for (let a of Array.from(named.attributes))
        if (a.name.startsWith('data-hk-prop-')) props[a.name.slice(13)] = a.value
      event(named.dataset.hkEvent!, props)
    }

    let link = find('a[href],area[href]')
    if (form) {
      let submitted = find('form')!
      if (on('Form'))
        event('Form: Submission', {
          path: location.pathname,
          // Not .id and .name: a field of that name would stand in their place.
          form: submitted.getAttribute('id') || submitted.getAttribute('name') || undefined,
        })
    } else if (link) {
      let to = new URL(link.getAttribute('href')!, document.baseURI)
      let url = to.origin + to.pathname
      if (!/^http/.test(url)) return
      if (
        on('Download') &&
        (link.hasAttribute('download') ||
          /\.(pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|txt|csv|epub|zip|rar|7z|t?gz|tar|xz|bz2|dmg|pkg|exe|msi|deb|rpm|apk|iso|jar|mp[34]|m4[av]|wav|flac|avi|mov|mkv|webm)$/i.test(
            url,
          ))
      )
        event('File Download', { url })
      else if (on('Outbound') && !inside(to.hostname)) event('Outbound Link: Click', { url })
    }
  }

  // Captured on the way down: a page that stops a click from bubbling is counted too.
  if (hk)
    for (let type of ['click', 'auxclick', 'submit'])
      addEventListener(
        type,
        (e) => {
          try {
            act(e)
          } catch (e) {}
        },
        true,
      )
}
