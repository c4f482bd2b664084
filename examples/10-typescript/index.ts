import * as pulumi from "@pulumi/pulumi";
import * as omise from "pulumi-omise";

// Amounts are in the smallest unit of the currency: 150000 satang are THB 1,500.00.
const price = new pulumi.Config().requireNumber("price");
const offers = {
    ticket: { amount: price, description: "One ticket" },
    table: { amount: (price * 4 * 9) / 10, description: "A table for four, ten per cent off" },
    donation: { amount: 50_000, description: "A donation to the youth orchestra" },
};

export const addresses: Record<string, pulumi.Output<string>> = {};
for (const [name, offer] of Object.entries(offers)) {
    const link = new omise.Link(name, {
        ...offer,
        title: "Spring concert",
        currency: "THB",
        multiple: true, // for any number of payments
    });
    addresses[name] = link.paymentUri;
}
