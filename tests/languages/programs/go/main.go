package main

import (
	"cmp"
	"fmt"
	"os"

	"example.com/pulumi-omise/sdk/go/omise"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		found := omise.LookupLinkOutput(ctx, omise.LookupLinkOutputArgs{
			Id: pulumi.String(os.Getenv("OLD")),
		})
		every := omise.GetLinksOutput(ctx, omise.GetLinksOutputArgs{
			IncludeDeleted: pulumi.Bool(false),
		})
		price := every.Links().ApplyT(func(links []omise.FoundLink) int {
			price := 0
			for _, link := range links {
				if link.Title == "Old" {
					price += 150_000
				}
			}
			return price
		}).(pulumi.IntOutput)

		words := pulumi.Sprintf("Only for Anna, instead of %s", found.Title())
		poster, err := omise.NewLink(ctx, "poster", &omise.LinkArgs{
			Title:       pulumi.String(cmp.Or(os.Getenv("TITLE"), "Spring")),
			Description: pulumi.ToSecret(words).(pulumi.StringOutput),
			Amount:      price,
			Currency:    pulumi.String("thb"),
		})
		if err != nil {
			return err
		}
		var tables []pulumi.Resource
		for n := range 12 {
			table, err := omise.NewLink(ctx, fmt.Sprintf("table-%d", n), &omise.LinkArgs{
				Title:       pulumi.String(fmt.Sprintf("Table %d", n)),
				Description: pulumi.String("A table"),
				Amount:      pulumi.Int(50_000),
				Currency:    pulumi.String("thb"),
			})
			if err != nil {
				return err
			}
			tables = append(tables, table)
		}
		japan, err := omise.NewProvider(ctx, "japan", &omise.ProviderArgs{
			SecretKeyEnv: pulumi.String("KEY_OF_JAPAN"),
		})
		if err != nil {
			return err
		}
		_, err = omise.NewLink(ctx, "tokyo", &omise.LinkArgs{
			Title:       pulumi.String("Tokyo"),
			Description: pulumi.String("A poster"),
			Amount:      pulumi.Int(5_000),
			Currency:    pulumi.String("jpy"),
			Multiple:    pulumi.Bool(true),
		}, pulumi.Provider(japan), pulumi.DependsOn(tables))
		if err != nil {
			return err
		}

		ctx.Export("address", poster.PaymentUri)
		ctx.Export("replaced", found.PaymentUri())
		return nil
	})
}
