import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, button, eventually, heading, serverAway, visit} from './support.mjs';

/// The first day of the month that is `months` after the current month.
function month(months) {
    const now = new Date();
    return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1));
}

const spoken = (date, options) => date.toLocaleDateString('en-GB', {timeZone: 'UTC', ...options});
const titleOf = date => spoken(date, {month: 'long', year: 'numeric'});
const nameOf = date =>
    `${spoken(date, {weekday: 'long'})} ${date.getUTCDate()} ${titleOf(date)}`;
const days = page => page.getByRole('cell').getByRole('button');

test('a day is chosen in another month', async t => {
    const {gallery, page} = await visit(t, '/calendar');
    await button(page, 'Choose a day').click();
    await heading(page, titleOf(month(0))).waitFor();
    await button(page, 'Next month').dblclick();
    await heading(page, titleOf(month(2))).waitFor();

    await page.reload();
    await gallery.restart();
    await button(page, 'Previous month').click();
    await heading(page, titleOf(month(1))).waitFor();
    const last = new Date(Date.UTC(month(2).getUTCFullYear(), month(2).getUTCMonth(), 0));
    await eventually(async () => assert.equal(await days(page).count(), last.getUTCDate()));

    await button(page, nameOf(month(1))).dblclick(); // the second click must not press anything of the next step
    await heading(page, 'Your appointment').waitFor();
    await page.getByText(nameOf(month(1))).waitFor();
    assertFlawless(page, serverAway);
});

test('Back returns to the calendar and cancelling it changes nothing', async t => {
    const {page} = await visit(t, '/calendar');
    await button(page, 'Choose a day').click();
    await button(page, nameOf(month(0))).click();
    await page.getByText(nameOf(month(0))).waitFor();

    await page.goBack();
    await heading(page, titleOf(month(0))).waitFor();
    await button(page, 'Cancel').click();
    await page.getByText('No day is chosen.').waitFor();

    await button(page, 'Choose a day').click();
    await heading(page, titleOf(month(0))).waitFor();
    await page.goBack();
    await page.getByText('No day is chosen.').waitFor();
    assertFlawless(page);
});
