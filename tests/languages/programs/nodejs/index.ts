import * as pulumi from "@pulumi/pulumi";
import * as omise from "pulumi-omise";

const found = omise.getLinkOutput({ id: process.env.OLD! });
const every = omise.getLinksOutput({ includeDeleted: false });
const olds = every.links.apply(links => links.filter(link => link.title === "Old").length);

const poster = new omise.Link("poster", {
    title: process.env.TITLE ?? "Spring",
    description: pulumi.secret(pulumi.interpolate`Only for Anna, instead of ${found.title}`),
    amount: olds.apply(count => count * 150_000),
    currency: "thb",
});
const tables = Array.from({ length: 12 }, (_, n) =>
    new omise.Link(`table-${n}`, {
        title: `Table ${n}`,
        description: "A table",
        amount: 50_000,
        currency: "thb",
    }));
const japan = new omise.Provider("japan", { secretKeyEnv: "KEY_OF_JAPAN" });
new omise.Link("tokyo", {
    title: "Tokyo",
    description: "A poster",
    amount: 5_000,
    currency: "jpy",
    multiple: true,
}, { provider: japan, dependsOn: tables });

export const address = poster.paymentUri;
export const replaced = found.paymentUri;
