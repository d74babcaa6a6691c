// A page with markup and messages that a test writes, in place of http/protocol/wire_html.cpp and
// http/protocol/wire_patches.cpp.
import {Gallery, newVisitor, openPage} from './support.mjs';

/// A page of the gallery that shows `markup` in place of its component. `response` is the response to its events, or
/// a function that returns it: patches, an empty string (for a 204, as if the stream delivered the patches), or
/// options of Playwright's fulfill(). `markup` may be a function, which is called for each visit. `scripts` may be a
/// promise: the scripts of the page are then held back until it is fulfilled.
export async function handWritten(t, markup, response = '', {scripts} = {}) {
    const gallery = await Gallery.started(t);
    const page = await openPage(await newVisitor(t));
    await page.route(gallery.url('/counter') + '*', async route => {
        const response = await route.fetch();
        const shown = typeof markup === 'function' ? markup() : markup;
        const body = (await response.text()).replace(/(<main[^>]*>).*<\/main>/s, (_, main) => `${main}${shown}</main>`)
            .replace(/data-step="\d+"/, 'data-step="0"');
        await route.fulfill({response, body});
    });
    page.events = [];
    await page.route(/\/stube\/(event|back)\//, async route => {
        const {pathname} = new URL(route.request().url());
        page.events.push(`${pathname.split('/').slice(-2).join('/')} ${route.request().postData() ?? ''}`.trim());
        const body = typeof response === 'function' ? await response(page.events) : response;
        return route.fulfill(typeof body === 'object' ? body : body ? {contentType: 'text/html', body} : {status: 204});
    });
    if (!scripts) {
        await page.goto(gallery.url('/counter'));
        return page;
    }
    await page.route('**/stube/assets/*.js', async route => {
        await scripts;
        await route.fallback();
    });
    await page.goto(gallery.url('/counter'), {waitUntil: 'commit'});
    await page.locator('#stube-view > *').first().waitFor({state: 'attached'});
    return page;
}

/// Applies a message as if the stream had delivered it.
export const deliver = (page, message) => page.evaluate(text =>
    htmx.swap({text, sourceElement: document.getElementById('stube-stream'), swap: 'none swapEmpty:false'}), message);
