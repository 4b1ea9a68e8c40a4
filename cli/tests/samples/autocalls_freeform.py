import requests

response = requests.post(
    'https://app.autocalls.ai/api/user/whatsapp/send-freeform',
    headers={
        'Authorization': 'Bearer YOUR_API_KEY',
        'Content-Type': 'application/json'
    },
    json={
        'sender_id': 12,
        'recipient_phone': '+1234567890',
        'message': 'Thank you for your inquiry! Our team will review your request and get back to you within 2 hours.'
    }
)

print(response.json())
