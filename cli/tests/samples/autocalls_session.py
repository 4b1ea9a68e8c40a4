import requests

response = requests.get(
    'https://app.autocalls.ai/api/user/whatsapp/session-status',
    headers={'Authorization': 'Bearer YOUR_API_KEY'},
    params={
        'sender_id': 12,
        'recipient_phone': '+1234567890'
    }
)

data = response.json()
session = data['session_status']

if session['can_send_freeform']:
    print('Session is active — freeform messages allowed')
else:
    print('Session expired — use a template message')
