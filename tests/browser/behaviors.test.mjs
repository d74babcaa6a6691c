// The calls of behaviors, on a page of the test site (behaviors_site.cpp) whose modules record them in a journal.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
    aMoment, assertFlawless, assertNotReloaded, button, eventually, Gallery, heading, mark, newVisitor, openPage,
    serverAway, testSite, visit,
} from './support.mjs';

// The failures that the page provokes, and the browser's message about the missing module.
const expectedProblems = [/behavior test\/broken: (mount|patched) failed/, /behavior test\/missing: cannot be loaded/, /404/];

const open = async t => {
    const page = (await visit(t, '/', testSite)).page;
    await mark(page);
    await journalIs(page, 'mount actor', 'mount guest 0', 'mount x1', 'mount x2', 'mount x3');
    return page;
};

/// Waits until the journal contains exactly these entries, in any order, and empties it.
async function journalIs(page, ...entries) {
    const read = () => page.evaluate(() => [...(window.journal ?? [])].sort());
    await eventually(async () => assert.deepEqual(await read(), entries.sort()));
    await aMoment();
    assert.deepEqual(await read(), entries);
    await page.evaluate(() => { window.journal.length = 0; });
}

const entriesOfAll = (what, guest) =>
    [`${what} actor`, `${what} x1`, `${what} x2`, `${what} x3`, ...(guest === undefined ? [] : [`${what} guest ${guest}`])];

test('a patch calls patched once with the current arguments', async t => {
    const page = await open(t);
    await button(page, 'Count').click();
    await journalIs(page, ...entriesOfAll('patched', 1));
    await button(page, 'Count').click();
    await journalIs(page, ...entriesOfAll('patched', 2));
    await assertNotReloaded(page);
    assertFlawless(page, ...expectedProblems);
});

test('a moved element is neither unmounted nor mounted', async t => {
    const page = await open(t);
    await button(page, 'Reverse').click();
    await journalIs(page, ...entriesOfAll('patched', 0));
    assert.deepEqual(await page.locator('li').allTextContents(), ['x3', 'x2', 'x1']);
    await button(page, 'Reverse').click();
    await journalIs(page, ...entriesOfAll('patched', 0));
});

test('a removed element is unmounted and a new element is mounted', async t => {
    const page = await open(t);
    await button(page, 'Toggle').click();
    await journalIs(page, ...entriesOfAll('patched'), 'unmount guest 0', 'abort guest');
    await button(page, 'Toggle').click();
    await journalIs(page, ...entriesOfAll('patched'), 'mount guest 0');
});

test('an element whose behavior changes is unmounted and mounted with the new one', async t => {
    const page = await open(t);
    await button(page, 'Rename').click();
    await journalIs(page, 'patched guest 0', 'patched x1', 'patched x2', 'patched x3', 'unmount actor', 'abort actor', 'mount actor');
    await button(page, 'Count').click();
    await journalIs(page, ...entriesOfAll('patched', 1));
});

test('all behaviors are unmounted when another component replaces the whole view', async t => {
    const page = await open(t);
    await button(page, 'Open').click();
    await heading(page, 'Scene').waitFor();
    await journalIs(page, ...entriesOfAll('unmount', 0), 'abort actor', 'abort guest', 'abort x1', 'abort x2', 'abort x3', 'mount scene');
    await button(page, 'Close').click();
    await heading(page, 'Stage').waitFor();
    await journalIs(page, 'unmount scene', 'abort scene', ...entriesOfAll('mount', 0));
    await assertNotReloaded(page);
});

test('preserved children survive a patch that changes the attributes of their parent', async t => {
    const page = await open(t);
    const widget = page.getByLabel('Widget');
    await widget.fill('my words');
    await widget.evaluate(element => { element.mine = true; });
    for (const name of ['Count', 'Note', 'Toggle', 'Count', 'Note']) {
        await button(page, name).click();
        await aMoment();
        assert.equal(await widget.inputValue(), 'my words');
        assert.equal(await widget.evaluate(element => element.mine), true);
    }
    assert.equal(await widget.evaluate(element => element.parentElement.dataset.turn), '2');
});

test('a behavior sends only to the members that its markup names and keeps the order of events', async t => {
    const page = await open(t);
    await page.getByLabel('Word').fill('typed');
    const answers = await page.evaluate(() => Promise.all([
        window.tell('say', 1, 'one'), window.tell('say', 2, 'two "quoted"'), window.tell('say', 3, "three 'single' <b>"),
    ]));
    assert.deepEqual(answers, [true, true, true]);
    const said = '1 one typed; 2 two "quoted" typed; 3 three \'single\' <b> typed; ';
    await eventually(async () => assert.equal(await page.getByRole('status').last().textContent(), said));

    assert.equal(await page.evaluate(() => window.tell('say', 'no number', 7)), false);
    assert.equal(await page.evaluate(() => window.tell('forbidden')), false);
    assert.ok(page.problems.some(line => line.includes('may not send to "forbidden"')));
    assert.equal(await page.evaluate(async () => (await fetch(
        document.querySelector('[data-stube-events]').dataset.stubeEvents.replace(/say$/, 'forbidden'),
        {method: 'POST', headers: {'Stube-Event-Id': '0123456789abcdef'}, body: new URLSearchParams()})).status), 404);
    assert.equal(await page.getByRole('status').last().textContent(), said);
});

test('a module is fetched again after a failed fetch', async t => {
    const gallery = await Gallery.started(t, testSite);
    const page = await openPage(await newVisitor(t));
    let asked = 0;
    await page.route('**/stube/behaviors/test/sender.js*', route => ++asked < 3 ? route.abort('connectionreset') : route.continue());
    await page.goto(gallery.url('/'));
    await page.waitForFunction(() => window.tell);
    assert.equal(asked, 3);
    assert.equal(await page.evaluate(() => window.tell('say', 1, 'one')), true);
    assertFlawless(page, ...expectedProblems, /behavior test\/sender: cannot be loaded, will be tried again/, serverAway);
});
