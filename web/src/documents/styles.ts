// The editor's styles come into the page as a sheet made by script, since the page's policy refuses style elements.
// The library does so only inside of shadow trees; here it is led to believe that it is in one.
import { StyleModule } from 'style-mod'

const door = {
  ownerDocument: document,
  get adoptedStyleSheets() { return document.adoptedStyleSheets },
  set adoptedStyleSheets(sheets: CSSStyleSheet[]) { document.adoptedStyleSheets = sheets },
}
const mount = StyleModule.mount.bind(StyleModule)

StyleModule.mount = (root, modules, options) => mount(root === document ? (door as unknown as ShadowRoot) : root, modules, options)
