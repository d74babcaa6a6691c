import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ada, book, lastTitle, receipt, steps} from './booking.mjs';
import {assertFlawless, button, eventually, heading, visit} from './support.mjs';

const isFocused = locator => locator.evaluate(element => element === document.activeElement);

async function tabTo(page, locator) {
    for (let i = 0; i < 40; ++i) {
        if (await isFocused(locator)) return;
        await page.keyboard.press('Tab');
    }
    assert.fail(`Tab never reaches ${locator}`);
}

const monthDayYear = iso => iso.slice(5, 7) + iso.slice(8, 10) + iso.slice(0, 4); // as en-US types a date

async function typeInto(page, label, text) {
    const field = page.getByLabel(label);
    await tabTo(page, field);
    const kind = await field.evaluate(element => element.type);
    if (['text', 'email', 'number'].includes(kind)) await page.keyboard.press('Control+A');
    await page.keyboard.type(kind === 'date' ? monthDayYear(text) : text);
}

async function press(page, name) {
    await tabTo(page, button(page, name));
    await page.keyboard.press('Enter');
}

const focusIsOn = (page, title) => eventually(async () => {
    await heading(page, title).waitFor();
    assert.ok(await isFocused(heading(page, title)), `the focus is on "${title}"`);
});

test('a room can be booked with the keyboard alone and each step focuses its heading', async t => {
    const {page} = await visit(t, '/booking');
    await heading(page, steps[0].title).waitFor();
    await typeInto(page, 'Arrival', ada.arrival);
    await typeInto(page, 'Departure', ada.departure);
    await page.keyboard.press('Enter');

    await focusIsOn(page, 'Choose a room');
    await press(page, `Choose ${ada.room}`);

    await focusIsOn(page, 'Your details');
    await typeInto(page, 'Name', ada.name);
    await typeInto(page, 'Email', ada.email);
    await typeInto(page, 'Guests', ada.guests);
    await press(page, 'Continue');

    await focusIsOn(page, 'Check your booking');
    await press(page, 'Confirm booking');

    await focusIsOn(page, lastTitle);
    await receipt(page, ada);
    assertFlawless(page);
});

test('a patch of the same step keeps the focus and the typed text', async t => {
    const {page} = await visit(t, '/booking');
    await page.getByLabel('Arrival').fill(ada.departure);
    await page.getByLabel('Departure').fill(ada.arrival);
    await page.getByLabel('Departure').press('Enter');
    await page.locator('[aria-invalid=true]').first().waitFor();
    assert.ok(await isFocused(page.getByLabel('Departure')));
    assert.equal(await page.getByLabel('Arrival').inputValue(), ada.departure);
    assert.equal(await page.getByLabel('Departure').inputValue(), ada.arrival);
    assertFlawless(page);
});

/// The nodes that assistive technology presents as controls, with their accessible names.
async function controls(page) {
    const session = await page.context().newCDPSession(page);
    const {nodes} = await session.send('Accessibility.getFullAXTree');
    await session.detach();
    const roles = ['button', 'link', 'textbox', 'combobox', 'spinbutton', 'Date', 'checkbox', 'radio', 'listbox'];
    return nodes.filter(node => !node.ignored && roles.includes(node.role?.value))
        .map(node => ({role: node.role.value, name: node.name?.value ?? ''}));
}

test('every step has one heading, one main landmark and a name on every control', async t => {
    const {page} = await visit(t, '/booking');
    const check = async (page, {title}) => {
        assert.equal(await page.getByRole('heading', {level: 1}).count(), 1, title);
        assert.equal(await page.getByRole('main').count(), 1, title);
        assert.match(await page.title(), /\w/, title);
        assert.match(await page.locator('html').getAttribute('lang'), /^\w\w/, title);
        const found = await controls(page);
        assert.ok(found.length > 0, title);
        assert.deepEqual(found.filter(({name}) => !name.trim()), [], title);
    };
    await book(page, ada, {disturb: check});
    await check(page, {title: lastTitle});
});

for (const [device, width] of [['phone', 360], ['desktop', 1280]]) {
    test(`nothing is cut off on a ${device}`, async t => {
        const {page} = await visit(t, '/booking');
        await page.setViewportSize({width, height: 720});
        const fits = async (page, {title}) => {
            const wanted = await page.evaluate(() => document.documentElement.scrollWidth);
            assert.ok(wanted <= width, `"${title}" wants ${wanted} pixels and has ${width}`);
        };
        await book(page, ada, {disturb: fits});
        await fits(page, {title: lastTitle});
    });
}
