// The board behind nginx with tutorial/11-going-live/nginx.conf, in an nginx.conf around it as Debian has it.
import {mkdir, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {freePort} from '../browser/support.mjs';
import {proxyCases} from './proxy_cases.mjs';
import {fileOfPage, makeCertificate, runProxy, scratchFolder} from './support.mjs';

async function setUp(t, standup) {
    const folder = await scratchFolder(t);
    const {certificate, key} = makeCertificate(folder);
    const port = await freePort();
    const live = '/etc/letsencrypt/live/standup.example.org';
    const site = await fileOfPage('nginx.conf', [
        ['127.0.0.1:8080', `127.0.0.1:${standup.port}`],
        ['listen 443 ', `listen 127.0.0.1:${port} `],
        ['    listen [::]:443 ssl http2;\n', ''],
        ['listen 80;', `listen 127.0.0.1:${await freePort()};`],
        ['    listen [::]:80;\n', ''],
        ['standup.example.org;', 'localhost;'],
        [`${live}/fullchain.pem`, certificate],
        [`${live}/privkey.pem`, key],
    ]);
    await writeFile(path.join(folder, 'site.conf'), site);
    await mkdir(path.join(folder, 'temp'));
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map(name => `${name}_temp_path ${folder}/temp;`).join('\n');
    await writeFile(path.join(folder, 'nginx.conf'), `
        daemon off;
        worker_processes 2;
        pid ${folder}/nginx.pid;
        error_log stderr warn;
        events { worker_connections 768; }
        http {
            access_log off;
            sendfile on;
            tcp_nopush on;
            types_hash_max_size 2048;
            include /etc/nginx/mime.types;
            default_type application/octet-stream;
            gzip on;
            ${temp}
            include ${folder}/site.conf;
        }`);
    await runProxy(t, process.env.STUBE_NGINX, ['-p', folder, '-c', `${folder}/nginx.conf`], port);
    return `https://localhost:${port}/`;
}

proxyCases('nginx', setUp);
