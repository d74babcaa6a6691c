// The board behind Caddy with tutorial/12-going-live/Caddyfile.
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import {freePort} from '../browser/support.mjs';
import {proxyCases} from './proxy_cases.mjs';
import {fileOfPage, makeCertificate, runProxy, scratchFolder} from './support.mjs';

async function setUp(t, standup) {
    const folder = await scratchFolder(t);
    const {certificate, key} = makeCertificate(folder);
    const port = await freePort();
    const site = await fileOfPage('Caddyfile', [
        ['127.0.0.1:8080', `127.0.0.1:${standup.port}`],
        // For a public name, Caddy would fetch a certificate.
        ['standup.example.org {', `https://localhost:${port} {\n    bind 127.0.0.1\n    tls ${certificate} ${key}`],
    ]);
    const general = '{\n    admin off\n    auto_https disable_redirects\n    skip_install_trust\n}\n\n';
    await writeFile(path.join(folder, 'Caddyfile'), general + site);
    const args = ['run', '--config', path.join(folder, 'Caddyfile'), '--adapter', 'caddyfile'];
    await runProxy(t, process.env.STUBE_CADDY, args, port, {XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, HOME: folder});
    return `https://localhost:${port}/`;
}

proxyCases('Caddy', setUp);
