// Actions of the user before the scripts of the page have arrived, or when one of the scripts never arrives.
// STUBE_HOLD is the least number of seconds for which the scripts are held back.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ada, lastTitle, receipt, steps} from './booking.mjs';
import {blocked, enter, holds, press, sees} from './levels.mjs';
import {
    assertFlawless, assertNotReloaded, button, eventually, Gallery, heading, mark, newVisitor, openPage,
} from './support.mjs';
import {addWithEnter, things} from './todo.mjs';

// ---- the scripts ------------------------------------------------------------------------------------

const all = '**/stube/assets/*.js';

async function scriptsOf(gallery) {
    const html = await (await fetch(gallery.url('/counter'))).text();
    const addresses = [...html.matchAll(/<script src="([^"]+)"/g)].map(([, address]) => address);
    assert.ok(addresses.length > 0);
    return addresses;
}

const nameOf = script => script.split('/').at(-1).replace(/\.[0-9a-f]+\.js$/, '');

/// Holds these scripts back until the returned function is called.
async function hold(page, which) {
    let release;
    const held = new Promise(done => { release = done; });
    await page.route(which, async route => {
        await held;
        await route.continue().catch(() => {}); // the page that requested it may be closed
    });
    const earliest = Date.now() + 1000 * Number(process.env.STUBE_HOLD ?? 0);
    return async () => {
        await new Promise(done => { setTimeout(done, earliest - Date.now()); });
        release();
        await page.waitForLoadState('load');
    };
}

const begin = (page, address) => page.goto(address, {waitUntil: 'commit'});

/// The addresses that the page requests from now on.
function addressesOf(page) {
    const addresses = [];
    page.on('request', request => addresses.push(decodeURIComponent(request.url())));
    return addresses;
}

function assertNowhere(addresses, ...typed) {
    assert.ok(addresses.length > 0);
    for (const text of typed) assert.deepEqual(addresses.filter(address => address.includes(text)), [], `no address contains "${text}"`);
}

const typedBy = guest => [guest.arrival, guest.departure, guest.name, guest.email];

// ---- /todo ------------------------------------------------------------------------------------------

async function addWithDoubleClick(page, text) {
    await enter(page, 'New', text);
    await button(page, 'Add').dblclick();
}

// ---- all scripts ------------------------------------------------------------------------------------

async function goOn(page, step, guest) {
    const next = button(page, step.next(guest));
    if (await next.evaluate(element => element.closest('form[action]') !== null)) await page.keyboard.press('Enter');
    else await next.dblclick();
}

test('scripts that are held back', async t => {
    const gallery = await Gallery.started(t);
    const scripts = await scriptsOf(gallery);
    const open = async t => {
        const visitor = await newVisitor(t);
        const page = await openPage(visitor);
        return {visitor, page, addresses: addressesOf(page)};
    };

    await t.test('a room is booked before any script has arrived', async t => {
        const {page, addresses} = await open(t);
        const release = await hold(page, all);
        await begin(page, gallery.url('/booking'));
        for (const step of steps) {
            await heading(page, step.title).waitFor();
            await step.enter(page, ada);
            await goOn(page, step, ada);
        }
        const booked = await receipt(page, ada);
        assertNowhere(addresses, ...typedBy(ada));

        await release();
        await mark(page);
        assert.equal(await receipt(page, ada), booked);
        await press(page, 'Book another room');
        await heading(page, steps[0].title).waitFor();
        await assertNotReloaded(page);
        assertFlawless(page);
    });

    await t.test('text typed in a step before the scripts arrive is sent with the step', async t => {
        const {page, addresses} = await open(t);
        await page.goto(gallery.url('/booking'));
        for (const [index, step] of steps.entries()) {
            await heading(page, step.title).waitFor();
            const release = await hold(page, all);
            await begin(page, page.url());
            await heading(page, step.title).waitFor();
            await step.enter(page, ada);
            await release();
            await page.unroute(all);
            await mark(page);
            await button(page, step.next(ada)).dblclick();
            await heading(page, steps[index + 1]?.title ?? lastTitle).waitFor();
            await assertNotReloaded(page);
        }
        await receipt(page, ada);
        assertNowhere(addresses, ...typedBy(ada));
        assertFlawless(page);
    });

    await t.test('a list grows and text being typed is kept when the scripts arrive', async t => {
        const {page, addresses} = await open(t);
        const release = await hold(page, all);
        await begin(page, gallery.url('/todo'));
        await addWithEnter(page, 'Milk');
        await things(page, 'Milk');
        await addWithDoubleClick(page, 'Bread');
        await things(page, 'Milk', 'Bread');
        await page.getByRole('checkbox', {name: 'Milk'}).dblclick();
        await sees(page, '1 of 2 to do');
        await press(page, 'Edit Milk');
        await enter(page, 'What to do', 'Oat milk');
        await enter(page, 'New', 'Eggs');

        await release();
        await mark(page);
        await page.getByRole('checkbox', {name: 'Bread'}).click();
        await sees(page, '0 of 2 to do');
        await holds(page.getByLabel('What to do'), 'Oat milk');
        await holds(page.getByLabel('New'), 'Eggs');
        await press(page, 'Save', 'Add');
        await things(page, 'Oat milk', 'Bread', 'Eggs');
        await assertNotReloaded(page);
        assertNowhere(addresses, 'Milk', 'milk', 'Bread', 'Eggs');
        assertFlawless(page);
    });

    await t.test('a user signs in and enters an item before the scripts arrive', async t => {
        const {page, addresses} = await open(t);
        const release = await hold(page, all);
        await begin(page, gallery.url('/standup'));
        await enter(page, 'Name', 'ada');
        await enter(page, 'Password', 'engine');
        await page.keyboard.press('Enter');
        await press(page, 'New item');
        await enter(page, 'What', 'Mend the tests');
        await page.keyboard.press('Enter');
        const item = page.getByRole('listitem').filter({hasText: 'Mend the tests'});
        await item.waitFor();
        assert.equal(await item.count(), 1);
        assertNowhere(addresses, 'engine', 'Mend');

        await release();
        await mark(page);
        await press(page, 'Edit Mend the tests');
        await enter(page, 'What', 'Mend two tests');
        await page.keyboard.press('Enter');
        await page.getByRole('listitem').filter({hasText: 'Mend two tests'}).waitFor();
        await assertNotReloaded(page);
        assertNowhere(addresses, 'engine', 'Mend');
        assertFlawless(page);
    });

    // ---- each script in turn ------------------------------------------------------------------------

    for (const script of scripts) {
        await t.test(`${nameOf(script)}: a room is booked while the script is held back and after it has arrived`, async t => {
            const {page, addresses} = await open(t);
            const release = await hold(page, `**${script}`);
            await begin(page, gallery.url('/booking'));
            for (const [index, step] of steps.entries()) {
                await heading(page, step.title).waitFor();
                await step.enter(page, ada);
                if (index === 2) await release();
                if (index === 2) await mark(page);
                await goOn(page, step, ada);
            }
            await receipt(page, ada);
            await assertNotReloaded(page);
            assertNowhere(addresses, ...typedBy(ada));
            assertFlawless(page);
        });

        await t.test(`${nameOf(script)}: a list grows without the script`, async t => {
            const {visitor, page, addresses} = await open(t);
            await page.route(`**${script}`, route => route.abort());
            await page.goto(gallery.url('/todo'));
            await addWithDoubleClick(page, 'Milk');
            await things(page, 'Milk');
            const other = await openPage(visitor, page.url());
            await addWithEnter(other, 'Bread');
            await things(other, 'Milk', 'Bread');
            await addWithEnter(page, 'Eggs');
            await things(page, 'Milk', 'Bread', 'Eggs');
            await press(page, 'Edit Milk');
            await enter(page, 'What to do', 'Oat milk');
            await page.keyboard.press('Enter');
            await things(page, 'Oat milk', 'Bread', 'Eggs');
            assertNowhere(addresses, 'Milk', 'milk', 'Bread', 'Eggs');
            assertFlawless(page, blocked, /^exception: (ReferenceError|TypeError).*htmx/s);
            assertFlawless(other);
        });
    }
});
