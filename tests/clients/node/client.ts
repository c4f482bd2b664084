// Omise's Node client at the emulator, with its own types: what it sees, as JSON.
import http from "http";
import Omise from "omise";

const url = new URL(process.env.OMISE_URL!);
// The client has an option for the host, and none for the port.
(http.globalAgent as any).defaultPort = Number(url.port);

const omise = Omise({
  host: url.hostname,
  vaultHost: url.hostname,
  scheme: Omise.Scheme.Http,
  secretKey: process.env.OMISE_KEY!,
  omiseVersion: "2019-05-29",
});

function code(call: Promise<unknown>): Promise<string | null> {
  return call.then(
    () => null,
    (error) => error.code,
  );
}

async function main(): Promise<void> {
  const made: Omise.Links.ILink = await omise.links.create({
    amount: 150_000,
    currency: "thb",
    title: "Spring & ตั๋ว",
    description: "a\nb",
    multiple: true,
  });
  const again = await omise.links.retrieve(made.id);
  const listed = await omise.links.list({ limit: 100, order: "chronological" } as any);
  // The client can search; its types do not know that.
  const found = await (omise as any).search.list({
    scope: "link",
    query: "Spring",
    "filters[multiple]": "true",
  });
  const paid = await omise.links.retrieve(process.env.OMISE_PAID!);
  const account = await omise.account.retrieve();
  const { id, amount, currency, title, description, multiple } = again;

  console.log(
    JSON.stringify({
      account: account.email,
      made: { id, amount, currency, title, description, multiple },
      payment_uri: made.payment_uri,
      listed: listed.data.map((link) => link.id),
      found: found.data.map((link: Omise.Links.ILink) => link.id),
      paid: [paid.used, paid.charges.data.map((charge) => charge.amount)],
      refused: await code(
        omise.links.create({ amount: 1, currency: "thb", title: "t", description: "d" }),
      ),
      missing: await code(omise.links.retrieve("link_test_none")),
      deleted: null,
      answers: { link: again, paid, account },
    }),
  );
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
