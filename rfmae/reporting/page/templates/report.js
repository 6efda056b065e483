(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const find = (id) => document.getElementById(id);
  const percent = (share) => (100 * share).toFixed(1);
  const decibels = (value) => `${String(value).replace("-", "−")} dB`;
  const models = Object.keys(data.models);
  const ceilings = Object.keys(data.ceilings);
  const limit = (name) => `${data.readers.includes(name) ? "lower bound" : "ceiling"}, ${name}`;

  // colours: system setting, light or dark
  const theme = find("theme");
  const modes = ["auto", "light", "dark"];
  const remember = (mode) => { try { localStorage.setItem("rfmae-theme", mode); } catch { /* storage may be unavailable */ } };
  const remembered = () => { try { return localStorage.getItem("rfmae-theme"); } catch { return null; } };
  const paint = (mode) => {
    document.documentElement.dataset.theme = mode;
    theme.querySelector("span").textContent = mode;
    theme.setAttribute("aria-label", `Colours: ${mode === "auto" ? "system setting" : mode}`);
  };
  theme.addEventListener("click", () => {
    const next = modes[(modes.indexOf(document.documentElement.dataset.theme) + 1) % modes.length];
    paint(next);
    remember(next);
  });
  paint(modes.includes(remembered()) ? remembered() : "auto");

  // the list of sections
  const nav = document.querySelector("nav");
  document.querySelectorAll("main section").forEach((section) => {
    const link = document.createElement("a");
    link.href = `#${section.id}`;
    link.textContent = section.dataset.short;
    const item = document.createElement("li");
    item.append(link);
    nav.firstElementChild.append(item);
  });
  nav.hidden = false;

  // one SNR, one model
  const slider = find("point");
  const chosen = () => find("model")?.value ?? models[0];
  const summed = (counts) => counts.reduce((sum, at) => sum.map((row, r) => row.map((n, c) => n + at[r][c])));
  const all = data.snr_db.length; // the last stop, after the points from the lowest up
  const countsAt = (model, point) => (point === all ? summed(model.counts) : model.counts[point]);
  const wilson = (count, total) => {
    const z2 = 1.959963984540054 ** 2, share = count / total;
    const centre = share + z2 / (2 * total);
    const half = Math.sqrt(z2 * (share * (1 - share) / total + z2 / (4 * total * total)));
    return [centre - half, centre + half].map((bound) => Math.max(0, Math.min(1, bound / (1 + z2 / total))));
  };

  const fill = (cell, count, total, isRight) => {
    const share = total ? count / total : 0;
    cell.className = total ? (isRight ? "right" : "") : "none";
    cell.style.setProperty("--p", share.toFixed(3));
    cell.textContent = share >= 0.005 ? Math.round(100 * share) : "";
    if (share < 0.005 || total > data.few) return;
    const interval = document.createElement("small");
    interval.textContent = wilson(count, total).map((bound) => Math.round(100 * bound)).join("–");
    cell.append(interval);
  };

  // models of other class lists have other rows and columns
  const layTable = ({ classes, held }) => {
    const heading = (scope, name) => {
      const cell = document.createElement("th");
      cell.scope = scope;
      const words = scope === "col" ? cell.appendChild(document.createElement("span")) : cell;
      words.textContent = name;
      return cell;
    };
    const table = find("confusion");
    table.tHead.rows[0].replaceChildren(document.createElement("td"), ...classes.map((name) => heading("col", name)));
    table.tBodies[0].replaceChildren(...held.map((r) => {
      const row = document.createElement("tr");
      row.append(heading("row", classes[r]), ...classes.map(() => document.createElement("td")));
      return row;
    }));
  };

  const showConfusion = ({ classes, held }, counts) => {
    [...find("confusion").tBodies[0].rows].forEach((row, place) => {
      const r = held[place];
      const total = counts[r].reduce((a, b) => a + b, 0);
      [...row.cells].slice(1).forEach((cell, c) => {
        fill(cell, counts[r][c], total, r === c);
        const [low, high] = total ? wilson(counts[r][c], total).map(percent) : [0, 100];
        cell.title = `${classes[r]} predicted as ${classes[c]}: ${counts[r][c]} of ${total} (${low}–${high} %)`;
      });
    });
  };

  const showConfused = ({ classes }, counts) => {
    const pairs = counts.flatMap((row, r) => {
      const total = row.reduce((a, b) => a + b, 0);
      return row.map((n, c) => ({ r, c, n, share: total ? n / total : 0 })).filter((p) => p.c !== r && p.n > 0);
    });
    pairs.sort((a, b) => b.share - a.share || b.n - a.n);
    const lines = pairs.slice(0, 6).map((pair) => {
      const line = document.createElement("li");
      const words = document.createElement("span");
      words.textContent = `${classes[pair.r]} → ${classes[pair.c]}`;
      const share = document.createElement("span");
      share.textContent = `${percent(pair.share)} %`;
      line.append(words, share);
      return line;
    });
    if (!lines.length) {
      const none = document.createElement("li");
      none.textContent = "no confusions";
      lines.push(none);
    }
    find("confused").replaceChildren(...lines);
  };

  const showAccuracy = (model, point, counts) => {
    const [share, low, high] = point === all ? model.overall : [model.accuracy[point], ...model.interval[point]];
    const total = counts.flat().reduce((a, b) => a + b, 0);
    const limits = point === all ? [] : ceilings.map((name) => `${limit(name)}: ${percent(data.ceilings[name][point])} %`);
    find("here").textContent = `${percent(share)} %`;
    find("here-beside").textContent = [`right, ${percent(low)}–${percent(high)}, of ${total.toLocaleString("en")} examples`, ...limits].join(" · ");
  };

  const showGallery = (point) => {
    const rows = [...document.querySelectorAll("#gallery figure")];
    rows.forEach((row) => {
      row.hidden = point === all ? !("first" in row.dataset) : Number(row.dataset.point) !== point;
    });
    if (find("no-image")) find("no-image").hidden = rows.some((row) => !row.hidden);
  };

  let laid = data.models[models[0]]; // the table that the page comes with
  const show = () => {
    const point = Number(slider.value);
    const name = point === all ? "all points" : decibels(data.snr_db[point]);
    find("point-name").textContent = name;
    slider.setAttribute("aria-valuetext", point === all ? "all SNR points" : name);
    if (models.length) {
      const model = data.models[chosen()];
      const counts = countsAt(model, point);
      if (laid !== model) layTable(laid = model);
      showConfusion(model, counts);
      showConfused(model, counts);
      showAccuracy(model, point, counts);
    }
    showGallery(point);
  };
  if (slider) {
    slider.addEventListener("input", show);
    find("model")?.addEventListener("change", show);
    slider.value = 0;
    show();
  }

  // tables go to the clipboard as a spreadsheet takes them
  const plain = (cell) => cell.textContent.trim().replaceAll("−", "-");
  const copied = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  document.querySelectorAll(".copy").forEach((button) => {
    button.addEventListener("click", async () => {
      const rows = [...button.closest(".table").querySelectorAll("tr")];
      await copied(rows.map((row) => [...row.cells].map(plain).join("\t")).join("\n"));
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy table"; }, 1500);
    });
  });

  // what is folded is printed all the same
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details:not([open])").forEach((fold) => { fold.open = true; fold.dataset.folded = ""; });
  });
  addEventListener("afterprint", () => {
    document.querySelectorAll("details[data-folded]").forEach((fold) => { fold.open = false; delete fold.dataset.folded; });
  });

  // figures under the pointer of the first chart
  const tip = find("tip");
  const row = (label, value, kind) => {
    const line = document.createElement("div");
    line.innerHTML = "<span></span><span></span>";
    line.className = kind;
    line.firstChild.textContent = label;
    line.firstChild.className = "c";
    line.lastChild.textContent = `${value} %`;
    return line;
  };
  const nearest = (svg, event) => {
    const [left, right] = svg.dataset.field.split(" ").map(Number);
    const seen = svg.getBoundingClientRect();
    const x = ((event.clientX - seen.left) / seen.width) * svg.viewBox.baseVal.width;
    const low = Math.min(...data.snr_db), high = Math.max(...data.snr_db);
    const wanted = low + ((x - left) / (right - left)) * (high - low);
    const away = data.snr_db.map((value) => Math.abs(value - wanted));
    const point = away.indexOf(Math.min(...away));
    return { point, x: left + ((data.snr_db[point] - low) / (high - low || 1)) * (right - left) };
  };
  document.querySelectorAll(".tracked svg").forEach((svg) => {
    const cursor = document.createElementNS(svg.namespaceURI, "line");
    cursor.setAttribute("class", "cursor");
    cursor.setAttribute("visibility", "hidden");
    cursor.setAttribute("y1", 12);
    cursor.setAttribute("y2", svg.viewBox.baseVal.height - 46);
    svg.append(cursor);
    svg.addEventListener("pointermove", (event) => {
      const { point, x } = nearest(svg, event);
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      cursor.setAttribute("visibility", "visible");
      const head = document.createElement("b");
      head.textContent = decibels(data.snr_db[point]);
      tip.replaceChildren(
        head,
        ...models.map((name) => row(name, percent(data.models[name].accuracy[point]), data.models[name].colour)),
        ...ceilings.map((name) => row(limit(name), percent(data.ceilings[name][point]), "")),
      );
      tip.hidden = false;
      tip.style.left = `${Math.max(4, Math.min(event.clientX + 16, innerWidth - tip.offsetWidth - 8))}px`;
      tip.style.top = `${Math.max(4, Math.min(event.clientY + 16, innerHeight - tip.offsetHeight - 8))}px`;
    });
    svg.addEventListener("pointerleave", () => { tip.hidden = true; cursor.setAttribute("visibility", "hidden"); });
    svg.addEventListener("click", (event) => {
      if (!slider) return;
      slider.value = nearest(svg, event).point;
      show();
    });
  });

  // one class of the map at a time
  document.querySelectorAll(".pick button").forEach((button) => {
    button.addEventListener("click", () => {
      const map = button.closest("figure").querySelector("svg");
      const pressed = button.getAttribute("aria-pressed") === "true";
      button.closest("ul").querySelectorAll("button").forEach((other) => other.setAttribute("aria-pressed", "false"));
      button.setAttribute("aria-pressed", String(!pressed));
      map.classList.toggle("picked", !pressed);
      map.querySelectorAll(".speck").forEach((speck) => {
        speck.classList.toggle("on", !pressed && speck.dataset.name === button.dataset.name);
      });
    });
  });
})();
