curl -X POST "https://<api_key>:<api_token>@api.in.exotel.com/v2/accounts/<account_sid>/messages" \
-H "Content-Type: application/json" \
-d '{
"from": "+919876500001",
"to": "+919876543210",
"content": {
"type": "interactive",
"interactive": {
"type": "button",
"body": {
"text": "Your order #ORD-12345 is out for delivery. Is someone available to receive it?"
},
"action": {
"buttons": [
{ "type": "reply", "reply": { "id": "yes", "title": "Yes, I am available" } },
{ "type": "reply", "reply": { "id": "reschedule", "title": "Reschedule" } }
]
}
}
}
}'
