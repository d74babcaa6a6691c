// The list of the example /todo, as a person sees and uses it.
import {enter, list} from './levels.mjs';

/// Waits until the list shows these items.
export const things = (page, ...texts) => list(page.getByRole('listitem').getByRole('checkbox'), ...texts);

export async function addWithEnter(page, text) {
    await enter(page, 'New', text);
    await page.keyboard.press('Enter');
}
