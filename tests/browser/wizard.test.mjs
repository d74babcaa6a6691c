import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, assertNotReloaded, button, eventually, heading, mark, serverAway, visit} from './support.mjs';

const question = {place: 'Where would you like to go?', days: 'How long will you stay?', by: 'How will you travel?'};
const next = page => button(page, 'Next').click();
const holds = (field, text) => eventually(async () => assert.equal(await field.inputValue(), text));

async function answer(page, place, days, by) {
    await page.getByLabel('Place').fill(place);
    await next(page);
    await page.getByLabel(`Days in ${place}`).fill(days);
    await next(page);
    await page.getByRole('radio', {name: by}).check();
    await next(page);
}

test('a wizard goes back within the page and another choice begins a new line of steps', async t => {
    const {gallery, page} = await visit(t, '/wizard');
    await mark(page);
    await answer(page, 'Oslo', '5', 'Boat');
    await heading(page, 'To Oslo').waitFor();

    await button(page, 'Back').click();
    await heading(page, question.by).waitFor();
    assert.ok(await page.getByRole('radio', {name: 'Boat'}).isChecked());
    await gallery.restart();
    await button(page, 'Back').click();
    await holds(page.getByLabel('Days in Oslo'), '5');
    await button(page, 'Back').click();
    await holds(page.getByLabel('Place'), 'Oslo');

    await answer(page, 'Rome', '12', 'Bicycle');
    await heading(page, 'To Rome').waitFor();
    await page.getByText('12 days, by bicycle.').waitFor();
    await button(page, 'Back').click();
    await heading(page, question.by).waitFor();
    await button(page, 'Back').click();
    await holds(page.getByLabel('Days in Rome'), '12');
    await assertNotReloaded(page);
    assertFlawless(page, serverAway);
});

test("the browser's Back and Forward walk through the steps of a wizard after a reload", async t => {
    const {page} = await visit(t, '/wizard');
    await answer(page, 'Oslo', '5', 'Boat');
    await heading(page, 'To Oslo').waitFor();

    await page.goBack();
    await heading(page, question.by).waitFor();
    await page.goBack();
    await holds(page.getByLabel('Days in Oslo'), '5');
    await page.reload();
    await holds(page.getByLabel('Days in Oslo'), '5');
    await page.goForward();
    await heading(page, question.by).waitFor();
    await page.goForward();
    await page.getByText('5 days, by boat.').waitFor();
    assertFlawless(page);
});

test('Back within the page works while the history of the browser is slow', async t => {
    const {page} = await visit(t, '/wizard');
    await page.evaluate(() => {
        const go = history.go.bind(history);
        history.go = delta => { setTimeout(go, 500, delta); };
    });
    await answer(page, 'Oslo', '5', 'Boat');
    await heading(page, 'To Oslo').waitFor();

    for (const step of [question.by, question.days]) {
        await button(page, 'Back').click();
        await heading(page, step).waitFor();
    }
    await page.waitForTimeout(1500); // the browser has followed by then
    await heading(page, question.days).waitFor();
    await page.goBack();
    await holds(page.getByLabel('Place'), 'Oslo');
    await page.goForward();
    await holds(page.getByLabel('Days in Oslo'), '5');

    await button(page, 'Back').click();
    await heading(page, question.place).waitFor();
    await next(page);
    await heading(page, question.days).waitFor();
    await page.waitForTimeout(1500);
    await heading(page, question.days).waitFor();
    await page.goBack();
    await holds(page.getByLabel('Place'), 'Oslo');
    assertFlawless(page);
});

test('a double click on Next is one step', async t => {
    const {page} = await visit(t, '/wizard');
    await page.getByLabel('Place').fill('Oslo');
    await button(page, 'Next').dblclick();
    await heading(page, question.days).waitFor();
    await page.getByLabel('Days in Oslo').fill('5');
    await button(page, 'Next').click();
    await heading(page, question.by).waitFor();
    await button(page, 'Back').click();
    await heading(page, question.days).waitFor();
    await button(page, 'Back').click();
    await holds(page.getByLabel('Place'), 'Oslo');
    assertFlawless(page);
});
