// The list of the example /todo, as a person sees and fills it.
import {enter, list} from './levels.mjs';

/// The list shows these items, or gets to.
export const things = (page, ...texts) => list(page.getByRole('listitem').getByRole('checkbox'), ...texts);

export async function addWithEnter(page, text) {
    await enter(page, 'New', text);
    await page.keyboard.press('Enter');
}
