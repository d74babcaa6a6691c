import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ada, book, grace, steps} from './booking.mjs';
import {
    aMoment, assertFlawless, assertNotReloaded, button, eventually, heading, mark, serverAway, visit,
} from './support.mjs';

const conversationOf = page => new URL(page.url()).searchParams.get('c');
const couldNotBeKept = page => page.getByRole('heading', {name: /could not be kept/i});
const startAgain = page => page.getByRole('main').getByRole('link', {name: 'Start again'}).click();

/// The browser's message about a response for a conversation that could not be kept.
const refused = /status of 410/;

const warningsAbout = (gallery, conversation) =>
    gallery.log.split('\n').filter(line => /warn/i.test(line) && line.includes(conversation));

test('books a room', async t => {
    const {page} = await visit(t, '/booking-flow');
    await book(page, ada);
    assertFlawless(page);
});

test('the server warns once per conversation that a flow is not stored', async t => {
    const {gallery, page} = await visit(t, '/booking-flow');
    await book(page, ada);
    const conversation = conversationOf(page);
    await eventually(() => assert.equal(warningsAbout(gallery, conversation).length, 1, gallery.log));
    assert.match(warningsAbout(gallery, conversation)[0], /book/, 'names the component');
});

for (const [index, step] of steps.entries()) {
    test(`after kill -9 in "${step.title}" the page reports the loss and offers a fresh start`, async t => {
        const {gallery, page} = await visit(t, '/booking-flow');
        await mark(page);
        for (const earlier of steps.slice(0, index)) {
            await earlier.enter(page, ada);
            await button(page, earlier.next(ada)).click();
        }
        await heading(page, step.title).waitFor();
        const lost = page.url();

        await gallery.restart();
        await couldNotBeKept(page).waitFor();
        await assertNotReloaded(page);
        let asked = 0; // requests after the end of the conversation
        page.on('request', () => { ++asked; });
        await aMoment();
        assert.equal(asked, 0);
        for (const {title} of steps) assert.equal(await heading(page, title).count(), 0, `"${title}" came back`);

        await page.reload(); // a bookmark must not restore an older state
        await couldNotBeKept(page).waitFor();
        await startAgain(page);
        await book(page, grace);
        assert.notEqual(page.url(), lost);
        assertFlawless(page, serverAway, refused);
    });
}

test('a click made while the server is down reports the loss and offers a fresh start', async t => {
    const {gallery, page} = await visit(t, '/booking-flow');
    await steps[0].enter(page, ada);
    await button(page, 'Next').click();
    await heading(page, 'Choose a room').waitFor();
    await gallery.kill();
    await button(page, `Choose ${ada.room}`).click();
    await page.getByText('Your last action is kept and will be sent.').waitFor();
    await gallery.start();
    await couldNotBeKept(page).waitFor();
    await page.getByText('Connection lost').waitFor({state: 'detached'});
    await startAgain(page);
    await book(page, grace);
    assertFlawless(page, serverAway, refused);
});

const cannotBeTakenBack = page => page.getByRole('alert').filter({hasText: 'This step cannot be taken back.'});

/// Goes to "Your details" and types a name.
async function atDetails(page) {
    for (const step of steps.slice(0, 2)) {
        await step.enter(page, ada);
        await button(page, step.next(ada)).click();
    }
    await heading(page, 'Your details').waitFor();
    await page.getByLabel('Name').fill('Half typed');
}

test("the browser's Back in the middle of a flow changes nothing and shows a notice", async t => {
    const {page} = await visit(t, '/booking-flow');
    await mark(page);
    await atDetails(page);
    const here = conversationOf(page);

    await page.goBack();
    await cannotBeTakenBack(page).waitFor();
    assert.ok(await heading(page, 'Your details').isVisible());
    assert.equal(await page.getByLabel('Name').inputValue(), 'Half typed');
    assert.equal(conversationOf(page), here);

    await book(page, ada, {first: 2});
    assert.equal(await cannotBeTakenBack(page).count(), 0);
    await assertNotReloaded(page);
    assertFlawless(page);
});

test('a flow that cannot go back can be started again', async t => {
    const {page} = await visit(t, '/booking-flow');
    await atDetails(page);
    const here = conversationOf(page);

    await page.goBack();
    await cannotBeTakenBack(page).getByRole('link', {name: 'Start again'}).click();
    await heading(page, steps[0].title).waitFor();
    assert.notEqual(conversationOf(page), here);
    await book(page, grace);
    assertFlawless(page);
});

test('a second Back leaves the page of a flow and Forward returns to the step', async t => {
    const {page} = await visit(t, '/');
    await page.goto(new URL('/booking-flow', page.url()).href);
    await atDetails(page);

    await page.goBack();
    await cannotBeTakenBack(page).waitFor();
    await page.goBack();
    await eventually(() => assert.equal(new URL(page.url()).pathname, '/'));
    await page.goForward();
    await heading(page, 'Your details').waitFor();
    assertFlawless(page);
});
