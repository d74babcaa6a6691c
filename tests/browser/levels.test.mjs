import assert from 'node:assert/strict';
import {test} from 'node:test';
import {blocked, levels, visitorAt} from './levels.mjs';
import {paths} from './paths.mjs';
import {assertFlawless, Gallery, openPage} from './support.mjs';

/// STUBE_PATHS names those that are taken, "/todo /booking"; else all are.
const chosen = process.env.STUBE_PATHS?.split(' ') ?? Object.keys(paths);

async function take(t, gallery, visitor, level, address) {
    const page = await openPage(visitor, gallery.url(address));
    t.after(() => page.close());
    const requests = noteRequests(page);
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

/// The events that a page sends and how they are answered, for the report of a test that fails.
function noteRequests(page) {
    const lines = [];
    const note = (sign, request, more) => request.method() === 'POST' && lines.push(`${sign} ${request.url()} ${more}`);
    page.on('request', request => note('->', request, request.postData() ?? ''));
    page.on('response', response => note('<-', response.request(),
        `${response.status()} ${response.headers()['stube-revision'] ?? ''}`));
    page.on('requestfailed', request => note('!!', request, request.failure()?.errorText));
    return lines;
}

test('the main path of each example leads to the same end at each level', async t => {
    const gallery = await Gallery.started(t);
    for (const level of levels) {
        await t.test(level.name, async t => {
            const visitor = await visitorAt(t, level);
            for (const address of chosen) {
                await t.test(address, t => take(t, gallery, visitor, level, address));
            }
        });
    }
    await t.test('there is a path for each example', async t => {
        const page = await openPage(await visitorAt(t, levels[0]), gallery.url('/'));
        const examples = await page.getByRole('heading', {level: 2}).getByRole('link').evaluateAll(links => links.map(link => link.pathname));
        assert.deepEqual(Object.keys(paths).sort(), examples.sort());
    });
});
