// A sheet to draw on, for the behavior "gallery/sketch".
//   data-stube-arg-color   the color of the next stroke
//   drawn(points)          sent after each stroke

export default {
  mount(el, ctx) {
    const canvas = document.createElement('canvas');
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', 'Your sketch');
    el.append(canvas);
    canvas.width = canvas.clientWidth;
    canvas.height = canvas.clientHeight;

    const pen = canvas.getContext('2d');
    pen.lineWidth = 4;
    pen.lineCap = 'round';
    pen.strokeStyle = ctx.args.color;
    ctx.pen = pen;

    let points = 0;
    const {signal} = ctx;
    canvas.addEventListener('pointerdown', event => {
      canvas.setPointerCapture(event.pointerId);
      points = 1;
      pen.beginPath();
      pen.moveTo(event.offsetX, event.offsetY);
    }, {signal});
    canvas.addEventListener('pointermove', event => {
      if (!points) return;
      points += 1;
      pen.lineTo(event.offsetX, event.offsetY);
      pen.stroke();
    }, {signal});
    canvas.addEventListener('pointerup', () => {
      if (points) ctx.send('drawn', points);
      points = 0;
    }, {signal});
    canvas.addEventListener('pointercancel', () => { points = 0; }, {signal});
  },

  patched(el, ctx) {
    ctx.pen.strokeStyle = ctx.args.color;
  },

  unmount(el) {
    el.replaceChildren();
  },
};
