curl -X POST "https://<api_key>:<api_token>@api.in.exotel.com/v2/accounts/<account_sid>/messages" \
-H "Content-Type: application/json" \
-d '{
"from": "+919876500001",
"to": "+919876543210",
"content": {
"type": "text",
"text": {
"body": "Hi Rahul! Thanks for reaching out. Let me check your order status."
}
}
}'
