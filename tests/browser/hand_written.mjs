// A page whose markup and messages a test writes by itself, as http/wire_html.cpp and http/wire_patches.cpp would.
import {Gallery, newVisitor, openPage} from './support.mjs';

/// A page of the gallery that shows `markup` in place of its component, and answers events with `answer`: patches,
/// nothing (as a server does whose stream brings them), or what Playwright is to fulfill. Markup that changes between
/// visits is a function. With `scripts`, a promise, the page's own scripts are held back until then.
export async function handWritten(t, markup, answer = '', {scripts} = {}) {
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
        const body = typeof answer === 'function' ? await answer(page.events) : answer;
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

/// A message of the stream.
export const say = (page, message) => page.evaluate(text =>
    htmx.swap({text, sourceElement: document.getElementById('stube-stream'), swap: 'none swapEmpty:false'}), message);
