import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, button, newVisitor, openPage, serverAway, visit} from './support.mjs';

const report = async (page, place, celsius, speed) => {
    await page.getByLabel('Place').fill(place);
    await page.getByLabel('Temperature, °C').fill(celsius);
    await page.getByLabel('Wind, km/h').fill(speed);
    await button(page, 'Report').click();
};

test('a rule session resumes from a file for its visitor and for another visitor', async t => {
    const {gallery, page} = await visit(t, '/weather');
    await report(page, 'Oslo', '-3', '45');
    await page.getByText('Oslo -3 °C, 45 km/h').waitFor();
    await button(page, 'Write to a file').click();
    const link = page.getByRole('link', {name: 'Continue from the file'});
    const address = await link.evaluate(each => each.href);
    await report(page, 'Bergen', '2', '60');
    await page.getByText('2 rules fired').waitFor();

    await gallery.restart();
    const other = await openPage(await newVisitor(t), address);
    await other.getByText('1 temperatures, 1 winds, 1 rules fired').waitFor();
    await report(other, 'Skagen', '4', '31');
    await other.getByText('Skagen 4 °C, 31 km/h').waitFor();
    await gallery.restart();
    await other.reload();
    await other.getByText('2 temperatures, 2 winds, 2 rules fired').waitFor();

    await page.getByText('Bergen 2 °C, 60 km/h').waitFor();
    assert.equal(await page.getByText('Skagen').count(), 0);
    assertFlawless(page, serverAway);
    assertFlawless(other, serverAway);
});

test('an absent file is a bad request', async t => {
    const {gallery} = await visit(t, '/weather');
    for (const name of ['..%2Fsecret', '0123456789012345678901', '']) {
        const answer = await fetch(gallery.url(`/weather-kept?file=${name}`));
        assert.equal(answer.status, 400);
    }
});
