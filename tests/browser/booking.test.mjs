import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ada, book, grace, lastTitle, receipt, steps} from './booking.mjs';
import {
    aMoment, assertFlawless, assertNotReloaded, button, eventually, heading, mark, openPage, serverAway, visit,
} from './support.mjs';

test('books a room', async t => {
    const {page} = await visit(t, '/booking');
    await book(page, ada);
    assertFlawless(page);
});

test('a booking continues without a reload after kill -9 and restart in each step', async t => {
    const {gallery, page} = await visit(t, '/booking');
    await mark(page);
    await book(page, ada, {disturb: () => gallery.restart()});
    await gallery.restart();
    await aMoment();
    await receipt(page, ada);
    await assertNotReloaded(page);
    assertFlawless(page, serverAway);
});

test('a click made while the server is down takes effect after its restart in every step', async t => {
    const {gallery, page} = await visit(t, '/booking');
    await mark(page);
    for (const step of steps) {
        await heading(page, step.title).waitFor();
        await step.enter(page, ada);
        await gallery.kill();
        await button(page, step.next(ada)).click();
        await page.getByText('Your last action is kept and will be sent.').waitFor();
        await heading(page, step.title).waitFor();
        await gallery.start();
    }
    await receipt(page, ada);
    await page.getByText('Connection lost').waitFor({state: 'detached'});
    await assertNotReloaded(page);
    assertFlawless(page, serverAway);
});

test('a booking continues after kill -9 and restart and reload in every step', async t => {
    const {gallery, page} = await visit(t, '/booking');
    const restartAndReload = async (page, step) => {
        await gallery.restart();
        await page.reload();
        await heading(page, step.title).waitFor();
        await step.enter(page, ada); // unsent text is lost with the document
    };
    await book(page, ada, {disturb: restartAndReload});
    await gallery.restart();
    await page.reload();
    await receipt(page, ada);
    assertFlawless(page, serverAway);
});

test('two tabs book different rooms at the same time in spite of kill -9', async t => {
    const {gallery, visitor, page: first} = await visit(t, '/booking');
    const second = await openPage(visitor, gallery.url('/booking'));
    let arrived = 0;
    const restartOnce = async (page, step) => {
        if (step.title === 'Your details' && ++arrived === 2) await gallery.restart();
    };
    const [one, other] = await Promise.all([
        book(first, ada, {disturb: restartOnce}),
        book(second, grace, {disturb: restartOnce}),
    ]);
    assert.equal(arrived, 2);
    assert.notEqual(one, other);
    assertFlawless(first, serverAway);
    assertFlawless(second, serverAway);
});

test('a double click on a button takes effect once in every step', async t => {
    const {page} = await visit(t, '/booking');
    const titles = [...steps.map(step => step.title), lastTitle];
    for (const [index, step] of steps.entries()) {
        await heading(page, step.title).waitFor();
        await step.enter(page, ada);
        await button(page, step.next(ada)).dblclick();
        await heading(page, titles[index + 1]).waitFor();
        await aMoment();
        await heading(page, titles[index + 1]).waitFor();
    }
    const booked = await receipt(page, ada);
    await aMoment();
    assert.equal(await receipt(page, ada), booked);

    await button(page, 'Book another room').dblclick();
    await heading(page, steps[0].title).waitFor();
    await aMoment();
    await heading(page, steps[0].title).waitFor();
    assertFlawless(page);
});

test('the second click of a double click does not press a button of the next step', async t => {
    const {page} = await visit(t, '/booking');
    await steps[0].enter(page, ada);
    const centre = async name => {
        const {x, y, width, height} = await button(page, name).boundingBox();
        return [x + width / 2, y + height / 2];
    };
    await page.mouse.click(...await centre('Next'), {clickCount: 1});
    await heading(page, 'Choose a room').waitFor();
    const target = await centre('Choose Garden Room');
    await page.mouse.move(...target);
    await page.mouse.down({clickCount: 2});
    await page.mouse.up({clickCount: 2});
    await aMoment();
    await heading(page, 'Choose a room').waitFor();
    await page.mouse.click(...target);
    await heading(page, 'Your details').waitFor();
    assertFlawless(page);
});

test('a step that is submitted three times at once takes effect once', async t => {
    const {page} = await visit(t, '/booking');
    for (const step of steps) {
        await heading(page, step.title).waitFor();
        await step.enter(page, ada);
        await button(page, step.next(ada)).evaluate(element => {
            for (let i = 0; i < 3; ++i) element.click();
        });
    }
    const booked = await receipt(page, ada);
    await aMoment();
    assert.equal(await receipt(page, ada), booked);
    assertFlawless(page);
});

test('Back after the receipt keeps the receipt and books nothing', async t => {
    const {gallery, page} = await visit(t, '/');
    await page.goto(gallery.url('/booking'));
    const booked = await book(page, ada);
    await page.goBack();
    await aMoment();
    assert.equal(await receipt(page, ada), booked);
    await gallery.restart();
    await page.goBack();
    await aMoment();
    assert.equal(await receipt(page, ada), booked);
    assertFlawless(page, serverAway);
});

test('a guest goes back to earlier steps and continues from there', async t => {
    const {page} = await visit(t, '/booking');
    await steps[0].enter(page, grace);
    await button(page, 'Next').click();
    await button(page, 'Change dates').click();
    await heading(page, steps[0].title).waitFor();
    await steps[0].enter(page, ada);
    await button(page, 'Next').click();
    await button(page, 'Choose Tower Suite').click();
    await steps[2].enter(page, ada);
    await button(page, 'Continue').click();
    await button(page, 'Back to rooms').click();
    await button(page, `Choose ${ada.room}`).click();

    // The example may show the details step again, or skip it.
    const again = heading(page, steps[2].title);
    await again.or(heading(page, steps[3].title)).waitFor();
    if (await again.isVisible()) {
        await steps[2].enter(page, ada);
        await button(page, 'Continue').click();
    }
    await button(page, 'Confirm booking').click();
    await receipt(page, ada);
    assertFlawless(page);
});

test('a second booking gets a reference of its own', async t => {
    const {page} = await visit(t, '/booking');
    const first = await book(page, ada);
    await button(page, 'Book another room').click();
    const second = await book(page, grace);
    assert.notEqual(second, first);
    assertFlawless(page);
});

test('each invalid field shows a message', async t => {
    const {page} = await visit(t, '/booking');
    const isWrong = label => eventually(async () => {
        const field = page.getByLabel(label);
        assert.equal(await field.getAttribute('aria-invalid'), 'true', `${label} is marked`);
        const message = page.locator(`[id="${await field.getAttribute('aria-describedby')}"]`);
        assert.ok(await message.isVisible(), `${label} has a message`);
        assert.match(await message.innerText(), /\w/);
    });

    await button(page, 'Next').click();
    await isWrong('Arrival');
    await isWrong('Departure');
    await page.getByLabel('Arrival').fill(ada.departure);
    await page.getByLabel('Departure').fill(ada.arrival);
    await button(page, 'Next').click();
    await isWrong('Departure');
    assert.equal(await page.getByLabel('Arrival').inputValue(), ada.departure);
    await steps[0].enter(page, ada);
    await button(page, 'Next').click();

    await button(page, `Choose ${ada.room}`).click();
    await page.getByLabel('Email').fill('not an address');
    await button(page, 'Continue').click();
    await isWrong('Name');
    await isWrong('Email');
    assert.equal(await page.getByLabel('Email').inputValue(), 'not an address');
    await book(page, ada, {first: 2});
    assertFlawless(page);
});

test('text typed while an event is pending is kept', async t => {
    const {page} = await visit(t, '/booking');
    await page.route('**/stube/event/**', async route => {
        await new Promise(done => setTimeout(done, 700));
        await route.continue();
    });

    await page.getByLabel('Arrival').fill(ada.departure);
    await button(page, 'Next').click();
    await page.getByLabel('Arrival').fill(ada.arrival);
    await page.getByLabel('Departure').focus();

    await page.getByText('Enter a date').waitFor();
    assert.equal(await page.getByLabel('Arrival').inputValue(), ada.arrival);
    assertFlawless(page);
});
