package main

import (
	"example.com/pulumi-omise/sdk/go/omise"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		// Amounts are in the smallest unit of the currency: 150000 satang are THB 1,500.00.
		price := config.RequireInt(ctx, "price")
		offers := []struct {
			name, description string
			amount            int
		}{
			{"ticket", "One ticket", price},
			{"table", "A table for four, ten per cent off", price * 4 * 9 / 10},
			{"donation", "A donation to the youth orchestra", 50_000},
		}

		addresses := pulumi.StringMap{}
		for _, offer := range offers {
			link, err := omise.NewLink(ctx, offer.name, &omise.LinkArgs{
				Title:       pulumi.String("Spring concert"),
				Description: pulumi.String(offer.description),
				Amount:      pulumi.Int(offer.amount),
				Currency:    pulumi.String("THB"),
				Multiple:    pulumi.Bool(true), // for any number of payments
			})
			if err != nil {
				return err
			}
			addresses[offer.name] = link.PaymentUri
		}
		ctx.Export("addresses", addresses)
		return nil
	})
}
