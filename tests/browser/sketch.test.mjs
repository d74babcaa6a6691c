import assert from 'node:assert/strict';
import {test} from 'node:test';
import {aMoment, assertFlawless, assertNotReloaded, button, eventually, mark, visit} from './support.mjs';

const sketch = page => page.getByRole('img', {name: 'Your sketch'});
const status = page => page.getByText(/ strokes, .* points/);

async function draw(page, from, to) {
    const box = await sketch(page).boundingBox();
    await page.mouse.move(box.x + from[0], box.y + from[1]);
    await page.mouse.down();
    await page.mouse.move(box.x + to[0], box.y + to[1], {steps: 5});
    await page.mouse.up();
}

/// The picture as a data URL.
const picture = page => sketch(page).evaluate(canvas => canvas.toDataURL());

/// The color at a point, as "r,g,b".
const colorAt = (page, [x, y]) => sketch(page).evaluate(
    (canvas, at) => [...canvas.getContext('2d').getImageData(...at, 1, 1).data].slice(0, 3).join(), [x, y]);

const statusIs = (page, text) => eventually(async () => assert.equal(await status(page).textContent(), text));

test('a drawing survives the patches of the component around it', async t => {
    const {page} = await visit(t, '/preserved-widget');
    await sketch(page).waitFor();
    await mark(page);
    const empty = await picture(page);
    await draw(page, [20, 20], [120, 20]);
    await statusIs(page, '1 strokes, 6 points');
    const drawn = await picture(page);
    assert.notEqual(drawn, empty);

    for (let n = 1; n <= 3; ++n) {
        await button(page, 'Count a visitor').click();
        await eventually(async () => assert.equal(await page.locator('output').textContent(), String(n)));
        assert.equal(await picture(page), drawn);
    }
    await assertNotReloaded(page);
    assertFlawless(page);
});

test('a colour chosen on the server reaches the drawing and strokes reach the server', async t => {
    const {gallery, page} = await visit(t, '/preserved-widget');
    await sketch(page).waitFor();
    await draw(page, [20, 20], [120, 20]);
    await statusIs(page, '1 strokes, 6 points');
    await button(page, 'tomato').click();
    await page.getByRole('button', {name: 'tomato', pressed: true}).waitFor();
    await draw(page, [20, 60], [120, 60]);
    await statusIs(page, '2 strokes, 12 points');
    assert.equal(await colorAt(page, [70, 20]), '0,128,128');
    assert.equal(await colorAt(page, [70, 60]), '255,99,71');

    // A stroke drawn while the server is down is sent after its restart, like any other event.
    await gallery.kill();
    await draw(page, [20, 90], [120, 90]);
    await page.getByText('Your last action is kept').waitFor();
    await gallery.start();
    await statusIs(page, '3 strokes, 18 points');
    await aMoment();
    await statusIs(page, '3 strokes, 18 points');
});
