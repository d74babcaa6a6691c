import assert from 'node:assert/strict';
import {test} from 'node:test';
import {blocked, levels, visitorAt} from './levels.mjs';
import {paths} from './paths.mjs';
import {assertFlawless, Gallery, openPage} from './support.mjs';

/// The paths of STUBE_PATHS, such as "/todo /booking", or all paths.
const chosen = process.env.STUBE_PATHS?.split(' ') ?? Object.keys(paths);

async function take(t, gallery, visitor, level, address) {
    const page = await openPage(visitor, gallery.url(address));
    t.after(() => page.close());
    const requests = recordRequests(page);
    try {
        await paths[address](page, {
            another: async () => openPage(await visitorAt(t, level), gallery.url(address)),
            word: level.name.replace(/\W+/g, '-'),
        });
        assertFlawless(page, blocked);
    } catch (error) {
        const view = await page.locator('#stube-view').innerHTML().catch(() => '');
        t.diagnostic([...requests, ...page.problems, view, gallery.log.slice(-1000)].join('\n'));
        throw error;
    }
}

/// The events of a page and their responses, for the report of a failed test.
function recordRequests(page) {
    const lines = [];
    const record = (sign, request, more) => request.method() === 'POST' && lines.push(`${sign} ${request.url()} ${more}`);
    page.on('request', request => record('->', request, request.postData() ?? ''));
    page.on('response', response => record('<-', response.request(),
        `${response.status()} ${response.headers()['stube-revision'] ?? ''}`));
    page.on('requestfailed', request => record('!!', request, request.failure()?.errorText));
    return lines;
}

test('the main path of each example has the same result at each level', async t => {
    const gallery = await Gallery.started(t);
    for (const level of levels) {
        await t.test(level.name, async t => {
            const visitor = await visitorAt(t, level);
            for (const address of chosen) {
                await t.test(address, t => take(t, gallery, visitor, level, address));
            }
        });
    }
    await t.test('each example has a path', async t => {
        const page = await openPage(await visitorAt(t, levels[0]), gallery.url('/'));
        const examples = await page.getByRole('heading', {level: 2}).getByRole('link').evaluateAll(links => links.map(link => link.pathname));
        assert.deepEqual(Object.keys(paths).sort(), examples.sort());
    });
});
