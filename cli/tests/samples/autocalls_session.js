const params = new URLSearchParams({
  sender_id: '12',
  recipient_phone: '+1234567890'
});

const response = await fetch(
  `https://app.autocalls.ai/api/user/whatsapp/session-status?${params}`,
  {
    headers: {
      'Authorization': 'Bearer YOUR_API_KEY'
    }
  }
);

const data = await response.json();

if (data.session_status.can_send_freeform) {
  console.log('Session is active — freeform messages allowed');
} else {
  console.log('Session expired — use a template message');
}
