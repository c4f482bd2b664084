// Omise's Go client at the emulator: what it sees, as JSON.
package main

import (
	"encoding/json"
	"errors"
	"log"
	"os"

	"github.com/omise/omise-go"
	"github.com/omise/omise-go/operations"
)

func main() {
	client, err := omise.NewClient("", os.Getenv("OMISE_KEY"))
	check(err)
	client.Endpoints["https://api.omise.co"] = os.Getenv("OMISE_URL")
	client.Endpoints["https://vault.omise.co"] = os.Getenv("OMISE_URL")

	made, again, paid := &omise.Link{}, &omise.Link{}, &omise.Link{}
	check(client.Do(made, &operations.CreateLink{
		Amount: 150_000, Currency: "thb", Title: "Spring & ตั๋ว", Description: "a\nb", Multiple: true,
	}))
	check(client.Do(again, &operations.RetrieveLink{LinkID: made.ID}))
	check(client.Do(paid, &operations.RetrieveLink{LinkID: os.Getenv("OMISE_PAID")}))

	listed := &omise.LinkList{}
	check(client.Do(listed, &operations.ListLinks{List: operations.List{Limit: 100}}))
	found := &omise.LinkSearchResult{}
	check(client.Do(found, &operations.Search{
		Scope: omise.LinkScope, Query: "Spring", Filters: map[string]string{"multiple": "true"},
	}))
	account := &omise.Account{}
	check(client.Do(account, &operations.RetrieveAccount{}))

	charges := []int64{}
	for _, charge := range paid.Charges.Data {
		charges = append(charges, charge.Amount)
	}
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"account": account.Email,
		"made": map[string]any{
			"id": again.ID, "amount": again.Amount, "currency": again.Currency,
			"title": again.Title, "description": again.Description, "multiple": again.Multiple,
		},
		"payment_uri": made.PaymentURI,
		"listed":      ids(listed.Data),
		"found":       ids(found.Data),
		"paid":        []any{paid.Used, charges},
		"refused": code(client.Do(&omise.Link{}, &operations.CreateLink{
			Amount: 1, Currency: "thb", Title: "t", Description: "d",
		})),
		"missing": code(client.Do(&omise.Link{}, &operations.RetrieveLink{LinkID: "link_test_none"})),
		"deleted": nil,
	}))
}

func ids(links []*omise.Link) []string {
	found := []string{}
	for _, link := range links {
		found = append(found, link.ID)
	}
	return found
}

func code(err error) string {
	var refusal *omise.Error
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	return ""
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
